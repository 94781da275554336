/** AUTH against a real directory: Debian's slapd. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:net';
import { peer, run, start, succeed } from './program';
import { securePlace, type SecurePlace } from './secure-place';
import { freePort } from './free-port';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

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
  readonly child: ChildProcess;
}

/** A directory in a folder of its own, with three people, two of whom have one address. */
async function directory(path: string): Promise<Directory> {
  const data = join(path, 'ldap');
  mkdirSync(data);
  const config = join(path, 'slapd.conf');
  const schemas = ['core', 'cosine', 'inetorgperson'].map((name) => `include /etc/ldap/schema/${name}.schema`);
  writeFileSync(
    config,
    [
      ...schemas,
      'modulepath /usr/lib/ldap',
      'moduleload back_mdb',
      `pidfile ${join(path, 'slapd.pid')}`,
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
  const port = await freePort();
  const url = `ldap://127.0.0.1:${port}`;
  const child = start(peer('slapd'), ['-d', '0', '-h', url, '-f', config], { stdio: 'ignore' });
  await listening(port, child);
  await succeed(peer('ldapadd'), ['-x', '-H', url, '-D', ADMIN, '-w', 'admin'], { input: LDIF });
  return { url, child };
}

async function listening(port: number, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`slapd ended with ${child.exitCode}`);
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
  auth: (url: string) => object,
): Promise<{ readonly at: SecurePlace; readonly directory: Directory }> {
  let made: Directory | undefined;
  const entry: Record<string, unknown> = { use: 'ldap' };
  const at = await securePlace({ policies: ['relay-control'], auth: entry }, async (path) => {
    made = await directory(path);
    Object.assign(entry, { url: made.url, ...auth(made.url) });
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
});
