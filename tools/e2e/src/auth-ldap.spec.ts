/** AUTH against a real directory: Debian's slapd. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { connect as secure } from 'node:tls';
import { Client } from './client';
import { freePort } from './free-port';
import { peer, run, start, succeed } from './program';
import { certificateIn, securePlace, type SecurePlace } from './secure-place';

const BASE = 'dc=example,dc=org';
const ADMIN = `cn=admin,${BASE}`;
const LDIF = `dn: ${BASE}
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: ou=people,${BASE}
objectClass: organizationalUnit
ou: people

${['ann', 'bob', 'bob2']
  .map(
    (uid) => `dn: uid=${uid},ou=people,${BASE}
objectClass: inetOrgPerson
uid: ${uid}
cn: ${uid}
sn: ${uid}
mail: ${uid.slice(0, 3)}@example.org
userPassword: pw of ${uid}
`,
  )
  .join('\n')}`;

interface Directory {
  readonly url: string;
  /** The same, encrypted from the start. */
  readonly secureUrl: string;
  /** PEM file of its certificate, which has signed itself. */
  readonly cert: string;
  readonly child: ChildProcess;
}

/**
 * A directory in a folder of its own, with three people, two of whom have one address. It says yes to a bind with a name and no password, as RFC
 * 4513 5.1.2 has it; by its defaults it would not.
 */
async function directory(path: string): Promise<Directory> {
  const data = join(path, 'ldap');
  mkdirSync(data);
  const config = join(path, 'slapd.conf');
  const { cert, key } = await certificateIn(path, 'ldap', { names: ['127.0.0.1'] });
  const schemas = ['core', 'cosine', 'inetorgperson'].map((name) => `include /etc/ldap/schema/${name}.schema`);
  writeFileSync(
    config,
    [
      ...schemas,
      'modulepath /usr/lib/ldap',
      'moduleload back_mdb',
      `pidfile ${join(path, 'slapd.pid')}`,
      'allow bind_anon_dn',
      `TLSCertificateFile ${cert}`,
      `TLSCertificateKeyFile ${key}`,
      'database mdb',
      `suffix "${BASE}"`,
      `rootdn "${ADMIN}"`,
      'rootpw admin',
      `directory ${data}`,
      'access to attrs=userPassword by anonymous auth by * none',
      'access to * by * read',
      '',
    ].join('\n'),
  );
  const [port, securePort] = [await freePort(), await freePort()];
  const [url, secureUrl] = [`ldap://127.0.0.1:${port}`, `ldaps://127.0.0.1:${securePort}`];
  const child = start(peer('slapd'), ['-d', '0', '-h', `${url} ${secureUrl}`, '-f', config], { stdio: 'ignore' });
  await listening(port, child);
  await succeed(peer('ldapadd'), ['-x', '-H', url, '-D', ADMIN, '-w', 'admin'], { input: LDIF });
  return { url, secureUrl, cert, child };
}

/** It says nowhere that it listens. */
const PATIENCE_MS = 30_000;

async function listening(port: number, child: ChildProcess): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`slapd ended with ${child.exitCode}`);
    if (Date.now() > end) throw new Error('slapd does not listen');
    const socket = connect(port, '127.0.0.1');
    const [event] = await Promise.race([
      once(socket, 'connect').then(() => ['connect']),
      once(socket, 'close').then(() => ['close']),
    ]).catch(() => ['close']);
    socket.destroy();
    if (event === 'connect') return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A server that asks it. */
async function scene(
  auth: (directory: Directory) => object,
): Promise<{ readonly at: SecurePlace; readonly directory: Directory }> {
  let made: Directory | undefined;
  const entry: Record<string, unknown> = { use: 'ldap' };
  const at = await securePlace({ policies: ['relay-control'], auth: entry }, async (path) => {
    made = await directory(path);
    Object.assign(entry, { url: made.url, ...auth(made) });
    return {};
  });
  if (made === undefined) throw new Error('there is no directory');
  return { at, directory: made };
}

/** What the server says to a login. */
async function login(at: SecurePlace, name: string, password: string): Promise<string> {
  const args = ['--server', '127.0.0.1', '--port', `${at.port('implicit')}`, '--tlsc', '--quit-after', 'AUTH'];
  const { stdout } = await run(peer('swaks'), [
    ...args,
    '--auth',
    'PLAIN',
    '--auth-user',
    name,
    '--auth-password',
    password,
  ]);
  return /^<[~*]{0,2}\*? *(235|4\d\d|5\d\d) /m.exec(stdout.replaceAll('~', ''))?.[1] ?? stdout;
}

/** What the server says to AUTH PLAIN with this response: swaks has no empty passwords. */
async function plain(at: SecurePlace, response: string): Promise<number | undefined> {
  const socket = secure({
    host: '127.0.0.1',
    port: at.port('implicit'),
    ca: readFileSync(at.ca),
    servername: 'localhost',
  });
  await once(socket, 'secureConnect');
  const client = Client.over(socket);
  await client.expect(220);
  await client.expect(250, 'EHLO client.example.net');
  client.write(`AUTH PLAIN ${Buffer.from(response).toString('base64')}\r\n`);
  const reply = await client.reply();
  socket.destroy();
  return reply?.code;
}

describe('slapd', () => {
  it('knows people by a name in a DN', async () => {
    const { at, directory: ldap } = await scene(() => ({ dn: `uid={name},ou=people,${BASE}` }));
    expect(await login(at, 'ann', 'pw of ann')).toBe('235');
    expect(await login(at, 'ann', 'pw of bob')).toBe('535');
    expect(await login(at, 'nobody', 'pw of ann')).toBe('535');
    expect(await login(at, 'ann,ou=people', 'pw of ann')).toBe('535');
    expect(await login(at, '*', 'pw of ann')).toBe('535');
    ldap.child.kill('SIGTERM');
    await once(ldap.child, 'exit');
    expect(await login(at, 'ann', 'pw of ann')).toBe('454');
    expect(await at.server.stop()).toBe(0);
  });

  it('knows people by an attribute, whom they act as by another, and nobody by one that two have', async () => {
    const search = { base: `ou=people,${BASE}`, attribute: 'mail', filter: '(objectClass=inetOrgPerson)' };
    const { at } = await scene(() => ({ search, nameAttribute: 'uid' }));
    expect(await login(at, 'ann@example.org', 'pw of ann')).toBe('235');
    expect(await login(at, 'ann@example.org', 'pw of bob')).toBe('535');
    expect(await login(at, 'eve@example.org', 'pw of ann')).toBe('535');
    expect(await login(at, '*)(uid=ann', 'pw of ann')).toBe('535');
    expect(await login(at, 'bob@example.org', 'pw of bob')).toBe('454');
    expect(at.transcript()).not.toContain('pw of');
    expect(await at.server.stop()).toBe(0);
  });

  it('says yes to no password, and our server does not (RFC 4513 5.1.2)', async () => {
    const dn = `uid=ann,ou=people,${BASE}`;
    const { at, directory: ldap } = await scene(() => ({ dn: `uid={name},ou=people,${BASE}` }));
    // Or this would show nothing.
    const { stdout } = await succeed(peer('ldapwhoami'), ['-x', '-H', ldap.url, '-D', dn, '-w', '']);
    expect(stdout).toContain('anonymous');
    expect(await plain(at, '\0ann\0pw of ann')).toBe(235);
    for (const response of ['\0ann\0', '\0ann', 'ann\0ann\0', '\0ann\0\0']) {
      const code = await plain(at, response);
      expect([response, code === 501 || code === 535 ? 'no' : code]).toEqual([response, 'no']);
    }
    expect(await at.server.stop()).toBe(0);
  });

  it('takes a name with a space for the one without, and our server does not (attack A18)', async () => {
    const { at, directory: ldap } = await scene(() => ({ dn: `uid={name},ou=people,${BASE}` }));
    const who = ['-D', `uid=\\20ann,ou=people,${BASE}`, '-w', 'pw of ann'];
    const { stdout } = await succeed(peer('ldapwhoami'), ['-x', '-H', ldap.url, ...who]);
    expect(stdout).toContain('uid=ann,');
    // Each would be a name of its own to who counts failures.
    expect(await plain(at, '\0 ann\0pw of ann')).toBe(535);
    expect(await plain(at, '\0ann\0pw of ann')).toBe(235);
    expect(await at.server.stop()).toBe(0);
  });

  it.each<[string, (directory: Directory) => object, string]>([
    ['StartTLS', ({ cert }) => ({ startTls: true, ca: cert }), '235'],
    ['ldaps', ({ secureUrl, cert }) => ({ url: secureUrl, ca: cert }), '235'],
    ['StartTLS, and a certificate that nobody has signed', () => ({ startTls: true }), '454'],
    ['ldaps, and a certificate that nobody has signed', ({ secureUrl }) => ({ url: secureUrl }), '454'],
  ])('is asked by %s', async (_how, tls, expected) => {
    const { at } = await scene((ldap) => ({ dn: `uid={name},ou=people,${BASE}`, ...tls(ldap) }));
    expect(await login(at, 'ann', 'pw of ann')).toBe(expected);
    expect(await login(at, 'ann', 'pw of bob')).toBe(expected === '235' ? '535' : expected);
    expect(await at.server.stop()).toBe(0);
  });
});
