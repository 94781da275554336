/**
 * Attack A23, PHPMailer issue 1223: secrets in logs. Every way through AUTH and every way out of it, with secrets that are looked for in all that observers
 * were told, in the log, in the audit, in the transcript, and in what the client itself is told: as they are, in base64, in hexadecimal.
 */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { use, type Authenticator, type PluginUse } from '@mailverb/contract';
import { auditPlugin } from '@mailverb/logging-audit';
import { transcriptPlugin } from '@mailverb/logging-transcript';
import { settle, type TestClient, type TestServer } from '@mailverb/testing';
import { EVERYTHING, everything } from './assembly.js';
import { SASL_SCRIPTS, logIn, type Credentials, type SaslScript } from './sasl-clients.js';
import { startTls } from './server.js';
import { authenticating, authenticatorOf } from './users.js';

/** Nobody writes these by chance, in any of the forms that are looked for. */
const CREDENTIALS: Credentials = { name: 'ann', password: 'Hx7-Password-qV3', token: 'token-of-ann.Zk9-Bearer-wT5' };
const SECRETS = [CREDENTIALS.password, CREDENTIALS.token, 'Zk9-Bearer-wT5', 'Wrong4-Password-pL8'];

const RIGHT: Authenticator = {
  ...authenticatorOf({ ann: CREDENTIALS.password }),
  token: (token) => (token === CREDENTIALS.token ? 'ann' : undefined),
};

const folder = mkdtempSync(join(tmpdir(), 'mailverb-a23-'));
let files = 0;
afterAll(() => rmSync(folder, { recursive: true }));

/** What may not be anywhere: each secret, and what it is part of in the middle of base64, whatever comes before it. */
function formsOf(secret: string): readonly string[] {
  const octets = Buffer.from(secret);
  // Where a secret stands at any offset within base64 its inner characters are one of three.
  const inner = [0, 1, 2].map((skip) => octets.subarray(skip).toString('base64').slice(0, -4));
  return [
    secret,
    encodeURIComponent(secret),
    octets.toString('hex'),
    octets.toString('base64url').slice(0, -4),
    ...inner,
  ];
}

const FORBIDDEN = SECRETS.flatMap(formsOf);

/** Everything that anybody could have written down. */
function everythingTold(server: TestServer): string {
  const deep = { depth: 12, showHidden: true, maxStringLength: null, maxArrayLength: null, getters: false } as const;
  const written = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  return [
    inspect(server.events, deep),
    JSON.stringify(plain(server.events)),
    inspect(server.log, deep),
    ...written,
  ].join('\n');
}

/** As JSON would have it, sessions and all, without going round in circles. */
function plain(value: unknown, seen = new Set<unknown>()): unknown {
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? String(value) : value;
  if (seen.has(value)) return '(again)';
  seen.add(value);
  if (value instanceof Error)
    return { name: value.name, message: value.message, stack: value.stack, cause: plain(value.cause, seen) };
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner, seen)]));
}

async function serverOf(authenticator: Authenticator, ...more: readonly PluginUse[]): Promise<TestServer> {
  files += 1;
  const file = (name: string) => ({ destination: { file: join(folder, `${files}-${name}`) } });
  const watchers = [
    use(auditPlugin, file('audit')),
    use(auditPlugin, { format: 'kamaelia', ...file('audit-kamaelia') }),
    use(transcriptPlugin, file('transcript')),
  ];
  const plugins = [...EVERYTHING, ...more, ...watchers, authenticating(authenticator)];
  return everything({ tls: 'starttls', plugins, limits: { errors: 1000, unknownCommands: 1000 } });
}

async function expectSilence(server: TestServer, heard: readonly string[]): Promise<void> {
  await server.stop();
  const told = `${everythingTold(server)}\n${heard.join('\n')}`;
  // The test would see nothing if nothing was told at all.
  expect(told).toContain('commandReceived');
  expect(FORBIDDEN.filter((form) => told.includes(form))).toEqual([]);
}

/** Lets time pass until it is answered: failures are answered late, and what hangs has its time. */
async function patiently<T>(server: TestServer, answer: Promise<T>): Promise<T | undefined> {
  let settled = false;
  const done = () => void (settled = true);
  answer.then(done, done);
  for (let i = 0; i < 100 && !settled; i++) await server.clock.advance(1000);
  return answer.catch(() => undefined);
}

async function greeted(server: TestServer): Promise<TestClient> {
  const client = await startTls(server);
  await client.command('EHLO client.example.net');
  return client;
}

const wrong: Credentials = { name: 'ann', password: 'Wrong4-Password-pL8', token: 'Zk9-Bearer-wT5' };
const unknown: Credentials = { ...wrong, name: 'nobody' };

/** A backend that tells in its error what it was asked. */
const telling: Authenticator = {
  password: (name, password) =>
    Promise.reject(Object.assign(new Error(`no ${name} with ${password}`), { password, code: password })),
  scram: (name) => Promise.reject(new Error(`no ${name}`)),
  token: (token) => {
    throw Object.assign(new TypeError(`bad token ${token}`), { cause: new Error(token) });
  },
  mayActAs: () => false,
};

/** A backend that answers with what it should not. */
const rubbish: Authenticator = {
  password: (_name, password) => `\0${password}\r\n`,
  token: (token) => `\0${token}\r\n`,
};

const hanging: Authenticator = {
  password: () => new Promise(() => undefined),
  scram: () => new Promise(() => undefined),
  token: () => new Promise(() => undefined),
};

const AUTHENTICATORS: readonly (readonly [string, Authenticator, Credentials])[] = [
  ['that are right', RIGHT, CREDENTIALS],
  ['that are wrong', RIGHT, wrong],
  ['of nobody', RIGHT, unknown],
  ['that a backend puts into its errors', telling, CREDENTIALS],
  ['that a backend takes for names', rubbish, CREDENTIALS],
  ['that a backend never answers to', hanging, CREDENTIALS],
];

const named = SASL_SCRIPTS.map((script) => [`${script.mechanism}${script.initial ? '' : ', asked'}`, script] as const);

describe.each(AUTHENTICATORS)('A23: credentials %s', (_what, authenticator, credentials) => {
  it.each(named)('are nowhere after %s', async (_name, script) => {
    const server = await serverOf(authenticator);
    const client = await greeted(server);
    const first = await patiently(server, logIn(client, script, credentials));
    // Once more, and what a client says that believes to be in.
    const second = await patiently(server, logIn(client, script, credentials));
    const mail = await patiently(server, client.command('MAIL FROM:<ann@example.org>'));
    await expectSilence(
      server,
      [first, second, mail].flatMap((reply) => reply?.lines ?? []),
    );
  });
});

describe('A23: credentials', () => {
  it.each(named)('are nowhere after %s that is left at any step', async (_name, script) => {
    for (const leave of ['*', '!!!', `${'A'.repeat(13_000)}`, 'reset'] as const) {
      for (let last = 0; last < 3; last++) {
        const server = await serverOf(RIGHT);
        const client = await greeted(server);
        const heard = await patiently(server, logInUntil(client, script, last, leave));
        await settle(5);
        await expectSilence(server, heard ?? []);
      }
    }
  });

  it.each([
    [
      'in clear',
      'none',
      (secret: string) => [`AUTH PLAIN ${secret}`, `auth plain ${secret}`, `AUTH  PLAIN  ${secret}`],
    ],
    [
      'with a mechanism that is not there',
      'tls',
      (secret: string) => [`AUTH CRAM-MD5 ${secret}`, `AUTH ${secret}`, `AUTH PLAIN ${secret} ${secret}`],
    ],
    ['that is no base64', 'tls', (secret: string) => [`AUTH PLAIN !${secret}`, `AUTH PLAIN ${secret.slice(1)}`]],
    [
      'to a verb that is mistyped',
      'tls',
      (secret: string) => [`AUHT PLAIN ${secret}`, `PLAIN ${secret}`, `AUTHPLAIN${secret}`],
    ],
    [
      'as a command of its own',
      'tls',
      (secret: string) => [secret, CREDENTIALS.password, `${CREDENTIALS.password} ${secret}`],
    ],
    ['within a transaction', 'tls', (secret: string) => ['MAIL FROM:<a@example.net>', `AUTH PLAIN ${secret}`]],
    ['with a control character', 'tls', (secret: string) => [`AUTH PLAIN ${secret}\x01`, `AUTH PLAIN\t${secret}`]],
    ['in a line that is too long', 'tls', (secret: string) => [`AUTH PLAIN ${secret}${'A'.repeat(13_000)}`]],
  ] as const)('are nowhere after AUTH %s', async (_how, encryption, linesWith) => {
    const server = await serverOf(RIGHT);
    const client = encryption === 'none' ? server.client() : await startTls(server);
    if (encryption === 'none') await client.reply();
    await client.command('EHLO client.example.net');
    const secret = Buffer.from(`\0ann\0${CREDENTIALS.password}`).toString('base64');
    const heard: string[] = [];
    for (const line of linesWith(secret)) {
      const reply = await patiently(server, client.command(line));
      heard.push(...(reply?.lines ?? []));
    }
    await expectSilence(server, heard);
  });

  it('are nowhere where there is no AUTH at all', async () => {
    const server = await everything({ plugins: EVERYTHING });
    const client = server.client();
    await client.reply();
    const secret = Buffer.from(`\0ann\0${CREDENTIALS.password}`).toString('base64');
    const heard: string[] = [];
    for (const line of ['EHLO c', `AUTH PLAIN ${secret}`, 'AUTH LOGIN', secret])
      heard.push(...(await client.command(line)).lines);
    await expectSilence(server, heard);
  });

  it('are nowhere after a group that may not be pipelined', async () => {
    const server = await serverOf(RIGHT);
    const client = await greeted(server);
    const secret = Buffer.from(`\0ann\0${CREDENTIALS.password}`).toString('base64');
    client.write(`AUTH PLAIN ${secret}\r\n${secret}\r\nMAIL FROM:<a@example.net>\r\n`);
    await expectSilence(server, await client.ended());
  });

  it('are found by this test, where they are', async () => {
    const server = await everything();
    const client = server.client();
    await client.reply();
    await client.command(`NOOP ${CREDENTIALS.password}`);
    await server.stop();
    const told = everythingTold(server);
    expect(FORBIDDEN.filter((form) => told.includes(form))).toContain(CREDENTIALS.password);
  });
});

/** Answers so many challenges, and then says something else. @returns what it was told. */
async function logInUntil(
  client: TestClient,
  script: SaslScript,
  last: number,
  leave: string,
): Promise<readonly string[]> {
  const heard: string[] = [];
  let nth = 0;
  const next = (challenge: string) =>
    Buffer.from(script.answer(CREDENTIALS, nth++, Buffer.from(challenge, 'base64'))).toString('base64');
  let reply = await client.command(`AUTH ${script.mechanism}${script.initial ? ` ${next('')}` : ''}`);
  heard.push(...reply.lines);
  for (let i = 0; i < last && reply.code === 334; i++) {
    reply = await client.command(next(reply.lines[0] ?? ''));
    heard.push(...reply.lines);
  }
  if (reply.code !== 334) return heard;
  if (leave === 'reset') client.reset();
  else heard.push(...(await client.command(leave)).lines);
  return heard;
}
