/** static: who is let in, what the file may say, and what is not to be seen. */
import { randomBytes, scryptSync } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  FakeClock,
  contributionsOf,
  describeAuthenticator,
  recordingLogger,
  settle,
  testClientCertificate,
  type AuthenticatorTools,
  type LogLine,
} from '@mailverb/testing';
import bcrypt from 'bcryptjs';
import { makeEntry, putEntry, type Entry } from './entry.js';
import { makeScram, makeScrypt, parsePasswordHash, type PasswordHash } from './password-hash.js';
import staticAuthPlugin from './plugin.js';
import { StaticAuthenticator } from './static.authenticator.js';
import { staticOptions } from './static.options.js';
import { Users } from './users.js';

const folder = mkdtempSync(join(tmpdir(), 'mailverb-static-'));
let ann: Entry;
let files = 0;

beforeAll(async () => {
  ann = await makeEntry('ann@example.org', 'correct horse');
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Made {
  readonly authenticator: StaticAuthenticator;
  readonly file: string;
  readonly log: LogLine[];
  readonly clock: FakeClock;
  /** Puts another file in its place. */
  write(text: string): void;
}

async function made(text: string, options: object = {}, name = 'users.yaml'): Promise<Made> {
  const file = join(folder, `${++files}-${name}`);
  writeFileSync(file, text, { mode: 0o600 });
  const log: LogLine[] = [];
  const clock = new FakeClock();
  const parsed = staticOptions.parse({ file, ...options });
  const authenticator = new StaticAuthenticator(parsed, clock, recordingLogger(log));
  await authenticator.start();
  const write = (other: string) => {
    writeFileSync(`${file}.new`, other, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  };
  return { authenticator, file, log, clock, write };
}

const refused = (text: string, name?: string): Promise<string> =>
  made(text, {}, name).then(
    () => 'it was taken',
    (error: unknown) => String(error).replace(folder, ''),
  );

const yaml = () => putEntry('', 'yaml', ann);

describe('auth/static, passwords', () => {
  it('are those of the entry that the command line makes, in both forms of the file', async () => {
    for (const { authenticator } of [await made(yaml()), await made(putEntry('', 'lines', ann), {}, 'users')]) {
      expect(await authenticator.password('ann@example.org', 'correct horse')).toBe('ann@example.org');
      expect(await authenticator.password('ann@example.org', 'Correct horse')).toBeUndefined();
      expect(await authenticator.password('bob@example.org', 'correct horse')).toBeUndefined();
      authenticator.stop();
    }
  });

  it('are checked by each kind of hash', async () => {
    const hashes = [
      await makeScrypt('secret'),
      await bcrypt.hash('secret', 8),
      await makeScram('secret', 'SHA-256', 4096),
      await makeScram('secret', 'SHA-1', 4096),
    ];
    const { authenticator } = await made(hashes.map((hash, i) => `u${i}:${hash}`).join('\n'), {}, 'passwd');
    for (const i of hashes.keys()) {
      expect(await authenticator.password(`u${i}`, 'secret')).toBe(`u${i}`);
      expect(await authenticator.password(`u${i}`, 'secreT')).toBeUndefined();
    }
  });

  it('agree with the test vector of RFC 7677 3', async () => {
    const scram =
      'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=';
    const { authenticator } = await made(`user:${scram}\n`, {}, 'passwd');
    expect(await authenticator.password('user', 'pencil')).toBe('user');
  });

  it('longer than bcrypt can tell apart are no match', async () => {
    const long = 'x'.repeat(72);
    const { authenticator } = await made(`ann:${await bcrypt.hash(long, 8)}`, {}, 'passwd');
    expect(await authenticator.password('ann', long)).toBe('ann');
    expect(await authenticator.password('ann', `${long}y`)).toBeUndefined();
  });

  it('with a NUL are no match, although hashes take some of them for those without', async () => {
    const hashes = [
      await makeScrypt('secret'),
      await bcrypt.hash('secret', 8),
      await makeScram('secret', 'SHA-1', 4096),
    ];
    const { authenticator } = await made(hashes.map((hash, i) => `u${i}:${hash}`).join('\n'), {}, 'passwd');
    for (const i of hashes.keys()) {
      expect(await parsePasswordHash(hashes[i] ?? '')?.matches(i === 1 ? 'secret\0secret' : 'secret\0')).toBe(true);
      for (const password of ['secret\0', 'secret\0secret', '\0secret']) {
        expect(await authenticator.password(`u${i}`, password)).toBeUndefined();
      }
    }
  });

  it('of nobody are checked as those of somebody are, by a hash of the usual cost (attack A18)', async () => {
    const checks: string[] = [];
    const hash = (cost: string): PasswordHash => ({
      cost,
      matches: (password) => (checks.push(cost), Promise.resolve(password === 'right')),
      decoy: () => ({
        ...hash(`decoy of ${cost}`),
        matches: () => (checks.push(`decoy of ${cost}`), Promise.resolve(false)),
      }),
    });
    const user = (name: string, cost: string) => ({
      name,
      line: 1,
      hashes: [hash(cost)],
      mayActAs: [],
      certificates: [],
    });
    const users = new Users([user('ann', 'cheap'), user('bob', 'usual'), user('eve', 'usual')]);
    expect(await users.password('bob', 'right')).toBe('bob');
    expect(await users.password('nobody', 'right')).toBeUndefined();
    expect(checks).toEqual(['usual', 'decoy of usual']);
  });

  it('wait for their turn, and are too many at some point (attack A13)', async () => {
    const { authenticator } = await made(yaml(), { maxChecks: 1, maxWaiting: 2 });
    const asked = Array.from({ length: 5 }, () => authenticator.password('ann@example.org', 'correct horse'));
    const ends = await Promise.allSettled(asked);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected']);
    expect(await authenticator.password('ann@example.org', 'correct horse')).toBe('ann@example.org');
  });
});

describe('auth/static, SCRAM', () => {
  it('has the keys of its hash, as many times hashed as names are said to be that are unknown', async () => {
    const { authenticator } = await made(`${yaml()}  bob: ${await makeScrypt('x')}\n`);
    for (const hash of ['SHA-256', 'SHA-1'] as const) {
      const keys = authenticator.scram('ann@example.org', hash);
      expect(keys).toMatchObject({ iterations: 10_000 });
      expect(keys?.salt).toHaveLength(16);
      // Who has only another hash.
      expect(authenticator.scram('bob', hash)).toBeUndefined();
    }
  });
});

describe('auth/static, certificates and acting for others', () => {
  const text = () => `users:
  ann:
    password: ${ann.password}
    certificates: [${testClientCertificate().fingerprint.toLowerCase().replaceAll(':', '')}, Ann@Test.example]
    mayActAs: [boss, lists.example.org, news@example.org]
  bob: { certificates: [bob@test.example] }
`;

  it('know somebody by fingerprint or address', async () => {
    const { authenticator } = await made(text());
    const other = Array(32).fill('CD').join(':');
    expect(authenticator.certificate(testClientCertificate({ emails: [] }))).toBe('ann');
    expect(authenticator.certificate(testClientCertificate({ fingerprint: other }))).toBe('ann');
    expect(authenticator.certificate(testClientCertificate({ fingerprint: other, emails: ['bob@test.example'] }))).toBe(
      'bob',
    );
    expect(authenticator.certificate(testClientCertificate({ fingerprint: other, emails: [] }))).toBeUndefined();
  });

  it('let act as whom the file says, and as nobody else', async () => {
    const { authenticator } = await made(text());
    const may = [
      'boss',
      'anybody@lists.example.org',
      'news@example.org',
      'ceo',
      'ann@example.org',
      'lists.example.org',
    ];
    expect(may.map((other) => authenticator.mayActAs('ann', other))).toEqual([true, true, true, false, false, true]);
    expect(authenticator.mayActAs('bob', 'boss')).toBe(false);
  });

  it('do not give somebody without a password any', async () => {
    const { authenticator } = await made(text());
    for (const password of ['', 'x', 'undefined'])
      expect(await authenticator.password('bob', password)).toBeUndefined();
  });
});

describe('auth/static, its file', () => {
  it.each([
    ['users: { ann: secret }\n', ':1: expected a hash'],
    ['users:\n  ann: secret\n', ':2: expected a hash'],
    ['users:\n  ann: { pasword: x }\n', ':2: unknown key of ann'],
    ['users:\n  ann: { password: [x] }\n', ':2: expected a hash'],
    ['users:\n  ann: { mayActAs: boss }\n', ':2: expected a list of names at mayActAs'],
    ['users:\n  "": { }\n', ':2: expected a name'],
    ['users:\n  ann: {}\n  ann: {}\n', ':3: this is not YAML (DUPLICATE_KEY)'],
    [
      'users:\n  ann: { certificates: [a@x.org] }\n  bob: { certificates: [A@x.org] }\n',
      ':3: the certificate A@x.org is that of ann',
    ],
    ['user:\n  ann: {}\n', ':1: expected "users:"'],
    ['users: {}\nother: 1\n', ':2: expected nothing but'],
    ['users: [', 'this is not YAML'],
    ['', ':1: expected "users:"'],
  ])('%j: %s', async (text, expected) => {
    expect(await refused(text)).toContain(expected);
  });

  it.each([
    ['ann', ':1: expected name:hash'],
    ['# one\n\nann:secret', ':3: expected a hash'],
    [':x', ':1: expected a name'],
    ['ann:$scrypt$ln=4,r=8,p=1$c2FsdHNhbHRzYWx0$YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE', ':1: expected a hash'],
    ['ann:$scrypt$ln=30,r=8,p=1$c2FsdHNhbHRzYWx0$YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE', ':1: expected a hash'],
    [`ann:$2b$04$${'a'.repeat(53)}`, ':1: expected a hash'],
    [
      'ann:SCRAM-SHA-256$1:c2FsdHNhbHQ=$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
      ':1: expected a hash',
    ],
  ])('lines: %j: %s', async (text, expected) => {
    const said = await refused(text, 'passwd');
    expect(said).toContain(expected);
    // It may be a password.
    expect(said).not.toContain('secret');
  });

  it('must be there', async () => {
    const authenticator = new StaticAuthenticator(
      staticOptions.parse({ file: join(folder, 'none') }),
      new FakeClock(),
      recordingLogger([]),
    );
    await expect(authenticator.start()).rejects.toThrow('there is no such file');
    // Nobody knows anybody yet: that is no "wrong password" (attack A26).
    await expect(authenticator.password('ann', 'x')).rejects.toThrow('not read yet');
  });

  it('that everybody can read is warned of, also if that is all that changes', async () => {
    const { file, log, clock, authenticator } = await made(yaml());
    expect(log).toEqual([]);
    chmodSync(file, 0o644);
    await clock.advance(10_000);
    await until(() => log.length > 1);
    expect(log.map(({ level }) => level)).toEqual(['warn', 'info']);
    authenticator.stop();
  });

  it.each<[string, (file: string) => void]>([
    ['is gone', (file) => rmSync(file)],
    ['can not be read', (file) => (rmSync(file), mkdirSync(file, { mode: 0o700 }))],
  ])('that %s leaves everything as it was, is told of once, and may come back', async (_what, spoil) => {
    const { file, log, clock, authenticator, write } = await made(yaml());
    spoil(file);
    await untilTime(clock, () => log.length === 1);
    expect(log[0]).toMatchObject({ level: 'error' });
    for (let i = 0; i < 3; i++) await looked(clock);
    expect(log).toHaveLength(1);
    expect(await authenticator.password('ann@example.org', 'correct horse')).toBe('ann@example.org');
    rmSync(file, { recursive: true, force: true });
    write(putEntry('', 'yaml', { ...ann, name: 'bob' }));
    await untilTime(clock, () => log.some(({ level }) => level === 'info'));
    expect(await authenticator.password('bob', 'correct horse')).toBe('bob');
    authenticator.stop();
  });

  it('is read again when it changes, and only if all of it can be used', async () => {
    const { authenticator, clock, log, write } = await made(yaml());
    write('users:\n  bob: secret\n');
    await clock.advance(10_000);
    await until(() => log.length === 1);
    expect(log[0]).toMatchObject({ level: 'error' });
    expect(JSON.stringify(log)).not.toContain('secret');
    expect(await authenticator.password('ann@example.org', 'correct horse')).toBe('ann@example.org');
    write(putEntry('', 'yaml', { ...ann, name: 'bob' }));
    await untilTime(clock, () => log.length === 2);
    expect(log[1]).toMatchObject({ level: 'info' });
    expect(await authenticator.password('ann@example.org', 'correct horse')).toBeUndefined();
    expect(await authenticator.password('bob', 'correct horse')).toBe('bob');
    authenticator.stop();
    expect(clock.pending).toBe(0);
  });
});

/** A guard and nothing else: a file is read when the machine gets to it. */
const PATIENCE_MS = 4000;

async function until(is: () => boolean, meanwhile: () => Promise<void> = () => settle(1)): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!is() && Date.now() < end) await meanwhile();
  expect(is()).toBe(true);
}

/** Lets it look at its file once more: there is an alarm again when it has. */
async function looked(clock: FakeClock): Promise<void> {
  await until(() => clock.pending === 1);
  await clock.advance(10_000);
  await until(() => clock.pending === 1);
}

/** As {@link until}, while time passes. */
function untilTime(clock: FakeClock, is: () => boolean): Promise<void> {
  return until(is, async () => {
    await clock.advance(10_000);
    await settle(10);
  });
}

describe('entries', () => {
  it('take the place of those of their name, and leave the others and comments', async () => {
    const before = '# ours\nusers:\n  bob:\n    mayActAs: [boss] # yes\n  ann@example.org:\n    mayActAs: [x]\n';
    const after = putEntry(before, 'yaml', ann);
    expect(after).toContain('# ours');
    expect(after).toContain('# yes');
    expect(after).toContain('mayActAs: [x]');
    expect(after.match(/ann@example\.org/g)).toHaveLength(1);
    const lines = putEntry(putEntry('# ours\nbob:x\n', 'lines', ann), 'lines', ann);
    expect(lines.split('\n').map((line) => line.split(':')[0])).toEqual(['# ours', 'bob', 'ann@example.org', '']);
  });

  it('keep no hash of the password that was', async () => {
    const scrypt = await makeEntry('ann@example.org', 'other', ['password']);
    expect(Object.keys(scrypt)).toEqual(['name', 'password']);
    for (const format of ['yaml', 'lines'] as const) {
      const text = putEntry(putEntry('', format, ann), format, scrypt);
      expect(text).not.toContain('SCRAM');
      const { authenticator } = await made(text, { format });
      expect(await authenticator.password('ann@example.org', 'other')).toBe('ann@example.org');
      expect(await authenticator.password('ann@example.org', 'correct horse')).toBeUndefined();
    }
    const scram = await makeEntry('ann@example.org', 'other', ['scram-sha-256']);
    const { authenticator } = await made(putEntry(yaml(), 'yaml', scram));
    expect(await authenticator.password('ann@example.org', 'other')).toBe('ann@example.org');
    expect(authenticator.scram('ann@example.org', 'SHA-1')).toBeUndefined();
  });

  it.each([
    'users:\n  ann@example.org: $2b$12$x\n',
    'users:\n  ann@example.org:\n',
    'users:\n',
    '# ours\n',
    'users: {}\n',
    '{"users": {"ann@example.org": {"password": "x"}}}',
  ])('are put into %j', async (before) => {
    const { authenticator } = await made(putEntry(before, 'yaml', ann));
    expect(await authenticator.password('ann@example.org', 'correct horse')).toBe('ann@example.org');
  });

  it.each(['users: [', '- ann', 'ann', 'users: ann\n', 'users: [ann]\n'])('are not put into %j', (before) => {
    expect(() => putEntry(before, 'yaml', ann)).toThrow(/"users:"/);
  });

  it('are made of a name and a password, and of nothing else', async () => {
    for (const [name, password] of [
      ['', 'x'],
      ['a\nb', 'x'],
      ['ann', ''],
      ['ann', 'a\0b'],
      ['ann', 'x'.repeat(256)],
    ] as const) {
      await expect(makeEntry(name, password)).rejects.toThrow(RangeError);
    }
    await expect(makeEntry('ann', 'x', [])).rejects.toThrow(RangeError);
    expect(() => putEntry('', 'lines', { ...ann, name: 'a:b' })).toThrow(RangeError);
    expect(JSON.stringify(ann)).not.toContain('horse');
  });
});

describe('with a file', () => {
  const password = 'correct horse';
  // As cheap as is taken: the suite asks often.
  const salt = randomBytes(16);
  const key = scryptSync(password, salt, 32, { cost: 2 ** 12, blockSize: 8, parallelization: 1 });
  const [salted, hashed] = [salt, key].map((octets) => octets.toString('base64').replaceAll('=', ''));
  const scrypt = `$scrypt$ln=12,r=8,p=1$${salted}$${hashed}`;
  const certificate = testClientCertificate({ emails: [] });

  async function make({ clock, logger }: AuthenticatorTools): Promise<StaticAuthenticator> {
    const file = join(folder, `${++files}-suite.yaml`);
    const scram = await makeScram(password, 'SHA-256', 4096);
    const ann = {
      password: scrypt,
      'scram-sha-256': scram,
      certificates: [certificate.fingerprint],
      mayActAs: ['boss'],
    };
    writeFileSync(file, JSON.stringify({ users: { ann } }), { mode: 0o600 });
    return new StaticAuthenticator(staticOptions.parse({ file }), clock, logger);
  }

  describeAuthenticator('static', make, {
    knows: { name: 'ann', password, certificate, scram: ['SHA-256'] },
    // There was never one to be read.
    down: ({ clock, logger }) =>
      new StaticAuthenticator(staticOptions.parse({ file: join(folder, 'none') }), clock, logger),
    secrets: [String(salted), String(hashed), scrypt, 'SCRAM-SHA-256'],
  });
});

it('knows its options and no others', () => {
  expect(staticOptions.safeParse({ file: 'x', files: 'y' }).success).toBe(false);
  expect(staticOptions.safeParse({}).success).toBe(false);
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(staticAuthPlugin.name).toBe('auth-static');
  expect(contributionsOf(staticAuthPlugin)).toEqual([
    { kind: 'authenticator', name: undefined, value: StaticAuthenticator },
  ]);
});
