/** Other people's programs log in and submit, over STARTTLS and over implicit TLS, by every mechanism that each of them knows. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { generateKeyPair, exportJWK, SignJWT } from 'jose';
import { makeCertificate } from '@mailverb/certificates';
import { ROOT } from './folder';
import { stored } from './maildir';
import { peer, run, type Ended } from './program';
import { ANN, certificateIn, securePlace, usersIn, type SecurePlace } from './secure-place';

const TO = 'you@example.net';
const BODY =
  'From: ann@example.org\r\nTo: you@example.net\r\nBcc: secret@example.net\r\nSubject: hello\r\n\r\nHello\r\n.dot\r\n';

interface Scene extends SecurePlace {
  readonly token: string;
  readonly message: string;
  /** Ann's certificate, for EXTERNAL. */
  readonly client: { readonly cert: string; readonly key: string };
}

/** A submission server: whoever is authenticated may send to anybody, and only as itself. */
async function scene(): Promise<Scene> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const issuer = 'https://id.example.org';
  const token = await new SignJWT({ email: ANN.name })
    .setProtectedHeader({ alg: 'ES256', kid: 'one' })
    .setIssuer(issuer)
    .setAudience('mail')
    .setExpirationTime('1h')
    .sign(privateKey);
  const people = await makeCertificate({ commonName: 'people', names: ['ca.example'], authority: true });
  let client = { cert: '', key: '' };
  const place = await securePlace(
    {
      auth: [
        { use: 'static', file: './users.yaml' },
        { use: 'jwt', file: './keys.json', issuer, audience: 'mail', claim: 'email' },
      ],
      policies: [{ use: 'require', tls: true, auth: true }, 'sender-login', 'relay-control'],
      transforms: ['received', 'submission'],
    },
    async (path) => {
      const users = await usersIn(path);
      writeFileSync(users, `${readFileSync(users, 'utf8')}    certificates: [${ANN.name}]\n`);
      writeFileSync(
        join(path, 'keys.json'),
        JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one' }] }),
      );
      writeFileSync(join(path, 'people.pem'), people.cert);
      const who = { commonName: 'ann', names: ['ann.example'], emails: [ANN.name], signedBy: people };
      client = await certificateIn(path, 'ann', who);
      return { tls: { clientCertificates: 'request', clientAuthorities: join(path, 'people.pem') } };
    },
  );
  const message = join(place.path, 'message.eml');
  writeFileSync(message, BODY);
  return { ...place, token, message, client };
}

type Kind = 'starttls' | 'implicit';
type Submit = (scene: Scene, kind: Kind, mechanism: string, password: string) => Promise<Ended>;

const curl: Submit = (at, kind, mechanism, password) => {
  const url = `${kind === 'starttls' ? 'smtp' : 'smtps'}://localhost:${at.port(kind)}/client.example`;
  const who =
    mechanism === 'EXTERNAL'
      ? ['--cert', at.client.cert, '--key', at.client.key, '--user', `${ANN.name}:`]
      : mechanism.includes('OAUTH')
        ? ['--oauth2-bearer', password, '--user', `${ANN.name}:`]
        : ['--user', `${ANN.name}:${password}`];
  const args = ['-sS', '-4', '--ssl-reqd', '--cacert', at.ca, url, ...who, '--login-options', `AUTH=${mechanism}`];
  return run(peer('curl'), [...args, '--mail-from', ANN.name, '--mail-rcpt', TO, '-T', at.message]);
};

const swaks: Submit = (at, kind, mechanism, password) => {
  const tls = kind === 'starttls' ? '--tls' : '--tlsc';
  const args = ['--server', '127.0.0.1', '--port', `${at.port(kind)}`, tls, '--tls-ca-path', at.ca, '--tls-verify'];
  const who = ['--auth', mechanism, '--auth-user', ANN.name, '--auth-password', password];
  return run(peer('swaks'), [...args, ...who, '--from', ANN.name, '--to', TO, '--data', at.message, '--suppress-data']);
};

const msmtp: Submit = (at, kind, mechanism, password) => {
  const external = mechanism === 'EXTERNAL';
  const config = [
    'account default',
    'host localhost',
    `port ${at.port(kind)}`,
    'tls on',
    `tls_starttls ${kind === 'starttls' ? 'on' : 'off'}`,
    `tls_trust_file ${at.ca}`,
    ...(external ? [`tls_cert_file ${at.client.cert}`, `tls_key_file ${at.client.key}`] : []),
    `auth ${mechanism.toLowerCase()}`,
    // As whom it acts: msmtp has no empty initial response.
    `user ${ANN.name}`,
    `password "${password}"`,
    `from ${ANN.name}`,
  ];
  const file = join(at.path, 'msmtprc');
  writeFileSync(file, `${config.join('\n')}\n`, { mode: 0o600 });
  return run(peer('msmtp'), ['-C', file, '-f', ANN.name, '--', TO], { input: readFileSync(at.message) });
};

const sNail: Submit = (at, kind, mechanism, password) => {
  const url = `${kind === 'starttls' ? 'smtp' : 'smtps'}://${encodeURIComponent(ANN.name)}:${encodeURIComponent(password)}@localhost:${at.port(kind)}`;
  const settings = {
    'v15-compat': 'yes',
    mta: url,
    'smtp-auth': mechanism.toLowerCase(),
    'tls-ca-file': at.ca,
    'tls-verify': 'strict',
    from: ANN.name,
    ...(kind === 'starttls' ? { 'smtp-use-starttls': 'yes' } : {}),
    ...(mechanism === 'EXTERNAL'
      ? { 'tls-config-pairs': `Certificate=${at.client.cert},PrivateKey=${at.client.key}` }
      : {}),
  };
  const set = Object.entries(settings).flatMap(([key, value]) => ['-S', `${key}=${value}`]);
  return run(peer('s-nail'), ['-n', '-#', '-s', 'hello', ...set, TO], {
    input: 'Hello\n',
    env: { ...process.env, HOME: at.path },
  });
};

const mutt: Submit = (at, kind, mechanism, password) => {
  const url = `${kind === 'starttls' ? 'smtp' : 'smtps'}://${encodeURIComponent(ANN.name)}@localhost:${at.port(kind)}/`;
  const settings = {
    smtp_url: url,
    smtp_pass: password,
    smtp_authenticators: mechanism.toLowerCase(),
    // It is asked of a program, which here only prints it.
    smtp_oauth_refresh_command: `echo ${password.replaceAll(/[^\w.-]/g, '')}`,
    ssl_starttls: 'yes',
    ssl_force_tls: 'yes',
    ssl_ca_certificates_file: at.ca,
    ssl_usesystemcerts: 'no',
    from: ANN.name,
    copy: 'no',
  };
  const file = join(at.path, 'muttrc');
  writeFileSync(
    file,
    Object.entries(settings)
      .map(([key, value]) => `set ${key} = "${value}"\n`)
      .join(''),
  );
  return run(peer('mutt'), ['-n', '-F', file, '-s', 'hello', '--', TO], {
    input: 'Hello\n',
    env: { ...process.env, HOME: at.path },
  });
};

const smtplib: Submit = (at, kind, mechanism, password) => {
  const script = join(ROOT, 'tools/e2e/clients/smtplib_login.py');
  const args = [script, kind, `${at.port(kind)}`, at.ca, mechanism, ANN.name, password, TO, at.message];
  return run(peer('python3'), args);
};

const nodemailer: Submit = async (at, kind, mechanism, password) => {
  const transport = createTransport({
    host: 'localhost',
    port: at.port(kind),
    secure: kind === 'implicit',
    requireTLS: true,
    tls: { ca: readFileSync(at.ca) },
    authMethod: mechanism,
    auth:
      mechanism === 'XOAUTH2'
        ? { type: 'OAuth2', user: ANN.name, accessToken: password }
        : { user: ANN.name, pass: password },
  });
  try {
    await transport.sendMail({ envelope: { from: ANN.name, to: TO }, raw: readFileSync(at.message) });
    return { code: 0, signal: null, stdout: '', stderr: '' };
  } catch (error) {
    return { code: 1, signal: null, stdout: '', stderr: String(error) };
  } finally {
    transport.close();
  }
};

/**
 * What each knows of what is offered. Debian's curl is built without SCRAM, swaks has none and no bearer tokens, smtplib only PLAIN and LOGIN,
 * nodemailer no SCRAM and no
 * EXTERNAL, s-nail no SCRAM and no XOAUTH2.
 */
const CLIENTS: readonly (readonly [name: string, submit: Submit, mechanisms: readonly string[]])[] = [
  ['curl', curl, ['PLAIN', 'LOGIN', 'XOAUTH2', 'OAUTHBEARER', 'EXTERNAL']],
  ['swaks', swaks, ['PLAIN', 'LOGIN']],
  ['msmtp', msmtp, ['PLAIN', 'LOGIN', 'SCRAM-SHA-1', 'SCRAM-SHA-256', 'OAUTHBEARER', 'XOAUTH2', 'EXTERNAL']],
  ['s-nail', sNail, ['PLAIN', 'LOGIN', 'OAUTHBEARER', 'EXTERNAL']],
  ['mutt', mutt, ['PLAIN', 'LOGIN', 'SCRAM-SHA-1', 'SCRAM-SHA-256', 'OAUTHBEARER', 'XOAUTH2']],
  ["Python's smtplib", smtplib, ['PLAIN', 'LOGIN']],
  ['nodemailer', nodemailer, ['PLAIN', 'LOGIN', 'XOAUTH2']],
];

describe.each(CLIENTS)('%s', (name, submit, mechanisms) => {
  it.each(['starttls', 'implicit'] as const)('submits by each of its mechanisms, %s', async (kind) => {
    const at = await scene();
    for (const mechanism of mechanisms) {
      const secret = mechanism.includes('OAUTH') ? at.token : mechanism === 'EXTERNAL' ? '' : ANN.password;
      const { code, stdout, stderr } = await submit(at, kind, mechanism, secret);
      if (code !== 0) throw new Error(`${name} by ${mechanism}: ${code}\n${stdout}${stderr}\n${at.transcript()}`);
    }
    const mails = stored(at.maildir).map((bytes) => bytes.toString('latin1'));
    expect(mails).toHaveLength(mechanisms.length);
    for (const mail of mails) {
      expect(mail).toMatch(/^Received: from [^]*?\r\n\tby mx\.example\.org with ESMTPSA id /);
      expect(mail).toMatch(/^Date: /m);
      expect(mail).toMatch(/^Message-ID: <[^>]+>\r$/im);
      expect(mail).not.toMatch(/^Bcc:/im);
      expect(mail).not.toContain('secret@example.net');
      expect(mail).toMatch(/\r\n\r\nHello\r\n/);
      // s-nail and mutt write messages of their own, and swaks an empty line behind one from a file.
      if (name !== 's-nail' && name !== 'mutt')
        expect(mail).toMatch(name === 'swaks' ? /\r\nHello\r\n\.dot\r\n\r\n$/ : /\r\n\r\nHello\r\n\.dot\r\n$/);
    }
    // Each used what it was told to use: what it says is hidden, how often it was let in is not.
    expect(at.transcript().match(/235 2\.7\.0/g)).toHaveLength(mechanisms.length);
    expect(at.transcript()).not.toContain(ANN.password);
    expect(await at.server.stop()).toBe(0);
  });

  it('is refused with a wrong password, and may not send as somebody else', async () => {
    const at = await scene();
    const refused = await submit(at, 'starttls', 'PLAIN', 'wrong');
    expect(refused.code).not.toBe(0);
    expect(at.transcript()).toContain('535 5.7.8');
    expect(stored(at.maildir)).toEqual([]);
    expect(await at.server.stop()).toBe(0);
  });
});

it('nobody sends as somebody else, or without having logged in, or in clear', async () => {
  const at = await scene();
  const args = ['--server', '127.0.0.1', '--port', `${at.port('starttls')}`, '--to', TO];
  const login = ['--tls', '--auth', 'PLAIN', '--auth-user', ANN.name, '--auth-password', ANN.password];
  const as = await run(peer('swaks'), [...args, ...login, '--from', 'bob@example.org']);
  expect(as.stdout).toMatch(/553 5\.7\.1/);
  const nobody = await run(peer('swaks'), [...args, '--tls', '--from', ANN.name]);
  expect(nobody.stdout).toMatch(/530 5\.7\.0/);
  const clear = await run(peer('swaks'), [...args, '--from', ANN.name]);
  expect(clear.stdout).toMatch(/530 5\.7\.0/);
  expect(clear.stdout).not.toMatch(/250[- ]AUTH/);
  expect(stored(at.maildir)).toEqual([]);
  expect(await at.server.stop()).toBe(0);
});
