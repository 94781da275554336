/**
 * The contract suite of authenticators: what is true of all of them, wherever they have their identities from. Uses the globals of jest.
 *
 *     describeAuthenticator('static', ({ clock, logger }) => new StaticAuthenticator(options, clock, logger), {
 *       knows: { name: 'ann', password: 'correct horse' },
 *     });
 */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { inspect } from 'node:util';
import type {
  Authenticator,
  ClientCertificate,
  Clock,
  Lifecycle,
  Logger,
  MaybePromise,
  ScramHash,
  ScramKeys,
} from '@mailverb/contract';
import fc from 'fast-check';
import { FakeClock } from '../fake-clock.js';
import { recordingLogger, type LogLine } from '../server/record.js';
import { saslSession } from './describe-mechanism.js';
import { testClientCertificate } from './fixtures.js';
import { HOSTILE_TEXTS, hasControl, hostileText } from './hostile.js';

/** What an authenticator that is made for a test injects beside its options. */
export interface AuthenticatorTools {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Makes a fresh one. The suite calls `start` and `stop` where there are any. */
export type AuthenticatorFactory = (tools: AuthenticatorTools) => MaybePromise<Authenticator & Lifecycle>;

/** Somebody, with a credential for each method that the authenticator has, and for no other. */
export interface KnownIdentity {
  /** What the client says that it is; for a token or a certificate, whom it stands for. */
  readonly name: string;
  /** The name that it then acts under; default the same. */
  readonly acts?: string;
  /** At least 8 characters, so that it is found where it is to be seen. */
  readonly password?: string;
  readonly token?: string;
  readonly certificate?: ClientCertificate;
  /** The hashes that there are keys of `password` for. */
  readonly scram?: readonly ScramHash[];
}

/** What the suite must know about an authenticator. */
export interface AuthenticatorSuite {
  /** The only one whom what the factory makes knows. */
  readonly knows: KnownIdentity;
  /** Makes one whose backend is down: its `start` may fail. */
  readonly down: AuthenticatorFactory;
  /** What it has been told to keep to itself, beside the credentials of `knows`: the secret of its backend, hashes. */
  readonly secrets?: readonly string[];
}

/** A started authenticator, and what it has written. */
interface Scene {
  readonly authenticator: Authenticator;
  readonly log: readonly LogLine[];
}

const HASHES: readonly ScramHash[] = ['SHA-256', 'SHA-1'];

/** What a directory, a database, a file or a shell may take for more than a name. */
const HOSTILE_NAMES: readonly string[] = [
  ...HOSTILE_TEXTS,
  '*',
  '*)(|(uid=*',
  '\\2a',
  '#616e6e',
  "' OR ''='",
  '${env:HOME}',
  '{name}',
  '$&',
  '../../etc/passwd',
  'hasOwnProperty',
  '\u202enna',
  '\uff41\uff4e\uff4e',
  '\u0430nn',
  'e\u0301\u0301\u0301',
  '\u{1f4e7}'.repeat(100),
];

/** What is nearly the text, and must not be taken for it. */
function nearly(text: string): readonly string[] {
  const turned = [...text].reverse().join('');
  const others = [
    `${text}x`,
    `x${text}`,
    text.slice(0, -1),
    text.slice(1),
    `${text}\0`,
    `\0${text}`,
    `${text}\0${text}`,
  ];
  return [...others, `${text}\r\n`, `${text}*`, `${text}${text}`, turned].filter((other) => other !== text);
}

const namesLike = (name: string): readonly string[] => [
  ...HOSTILE_NAMES,
  ...nearly(name),
  `${name})(objectClass=*`,
  `${name},dc=example`,
  `${name}+cn=x`,
  `"${name}"`,
];

const secretsLike = (secret: string): readonly string[] => [...HOSTILE_TEXTS, ...nearly(secret)];

/**
 * Tests an authenticator against its contract.
 * @param factory called once for each test.
 */
export function describeAuthenticator(name: string, factory: AuthenticatorFactory, suite: AuthenticatorSuite): void {
  const { knows } = suite;
  const { acts = knows.name, password, token, certificate, scram } = knows;
  const secrets = [...(suite.secrets ?? []), password, token].filter((secret) => secret !== undefined);
  const session = saslSession();

  /** Whatever happens, nothing of it may be seen afterwards (attack A23). */
  async function inScene(make: AuthenticatorFactory, body: (scene: Scene) => Promise<void>): Promise<void> {
    const log: LogLine[] = [];
    const authenticator = await make({ clock: new FakeClock(), logger: recordingLogger(log) });
    // Of one that is down it may fail, and then it must say so as anything else does.
    const start = async (): Promise<unknown> => authenticator.start?.();
    const failed = await start().catch((error: unknown) => ({ error }));
    if (make === factory) expect(failed).toBeUndefined();
    try {
      expectHidden(failed);
      await body({ authenticator, log });
      expectHidden(authenticator);
      expectHidden(log);
    } finally {
      await authenticator.stop?.();
    }
    expectHidden(authenticator);
  }

  const test = (title: string, body: (scene: Scene) => Promise<void>): void => {
    // Passwords are slow to check on purpose, and the machine may be busy.
    it(title, () => inScene(factory, body), 30_000);
  };

  function expectHidden(value: unknown): void {
    const shown = dump(value);
    for (const secret of secrets) for (const form of formsOf(secret)) expect(shown).not.toContain(form);
  }

  /** One that throws at once rejects, as it does for AUTH. */
  const byPassword = async ({ authenticator }: Scene, who: string, secret: string): Promise<unknown> =>
    authenticator.password?.(who, secret, session);
  const byToken = async ({ authenticator }: Scene, text: string): Promise<unknown> =>
    authenticator.token?.(text, session);
  const byCertificate = async ({ authenticator }: Scene, one: ClientCertificate): Promise<unknown> =>
    authenticator.certificate?.(one, session);
  const keysOf = async ({ authenticator }: Scene, who: string, hash: ScramHash): Promise<ScramKeys | undefined> =>
    authenticator.scram?.(who, hash, session);
  const may = async ({ authenticator }: Scene, who: string, other: string): Promise<unknown> =>
    authenticator.mayActAs?.(who, other, session) ?? false;

  const stranger = testClientCertificate({
    subject: 'CN=stranger,O=Test',
    commonName: 'stranger',
    emails: ['stranger@test.example'],
    fingerprint: Array(32).fill('5A').join(':'),
  });

  describe(`authenticator ${name} keeps the contract`, () => {
    test('has a method for each credential that it can check, and no other', async ({ authenticator }) => {
      const wanted = { password, token, certificate, scram };
      expect(Object.values(wanted).some((credential) => credential !== undefined)).toBe(true);
      for (const [method, credential] of Object.entries(wanted)) {
        expect([method, typeof Reflect.get(authenticator, method)]).toEqual([
          method,
          credential === undefined ? 'undefined' : 'function',
        ]);
      }
      for (const secret of [password, token]) expect(secret?.length ?? 8).toBeGreaterThanOrEqual(8);
    });

    if (password !== undefined) {
      test('knows somebody by the right password', async (scene) => {
        expectName(await byPassword(scene, knows.name, password), acts);
        // And again: nothing is used up.
        expectName(await byPassword(scene, knows.name, password), acts);
      });

      test('knows nobody by a wrong password', async (scene) => {
        for (const wrong of secretsLike(password)) {
          expect([wrong, await byPassword(scene, knows.name, wrong)]).toEqual([wrong, undefined]);
        }
      });

      test('knows nobody by a name that is unknown, or hostile (attacks A6, A8, A10)', async (scene) => {
        for (const other of namesLike(knows.name)) {
          expect([other, await byPassword(scene, other, password)]).toEqual([other, undefined]);
        }
        await fc.assert(
          fc.asyncProperty(hostileText, hostileText, async (who, secret) => {
            fc.pre(who !== knows.name);
            expect(await byPassword(scene, who, secret)).toBeUndefined();
          }),
          { numRuns: 50 },
        );
      });

      test('does not mix those that it is asked about at once', async (scene) => {
        const asked = [
          byPassword(scene, knows.name, `${password}x`),
          byPassword(scene, knows.name, password),
          byPassword(scene, 'nobody', password),
          byPassword(scene, knows.name, password),
        ];
        // Also while it works.
        expectHidden(scene.authenticator);
        expect(await Promise.all(asked)).toEqual([undefined, acts, undefined, acts]);
      });
    }

    if (token !== undefined) {
      test('knows somebody by the right token, and nobody by another', async (scene) => {
        expectName(await byToken(scene, token), acts);
        for (const wrong of secretsLike(token)) {
          expect([wrong, await byToken(scene, wrong)]).toEqual([wrong, undefined]);
        }
        await fc.assert(
          fc.asyncProperty(hostileText, async (wrong) => expect(await byToken(scene, wrong)).toBeUndefined()),
          { numRuns: 50 },
        );
        expect(await Promise.all([token, `${token}x`, token].map((one) => byToken(scene, one)))).toEqual([
          acts,
          undefined,
          acts,
        ]);
      });
    }

    if (certificate !== undefined) {
      test('knows somebody by the right certificate, and nobody by another', async (scene) => {
        expectName(await byCertificate(scene, certificate), acts);
        expect(await byCertificate(scene, stranger)).toBeUndefined();
        expect(await byCertificate(scene, { ...stranger, emails: [], fingerprint: '' })).toBeUndefined();
        for (const hostile of HOSTILE_NAMES) {
          const other = { ...stranger, subject: hostile, commonName: hostile, emails: [hostile], hosts: [hostile] };
          expect([hostile, await byCertificate(scene, other)]).toEqual([hostile, undefined]);
        }
      });
    }

    if (scram !== undefined) {
      test('has keys that are those of the password (RFC 5802 3), and none of who is unknown', async (scene) => {
        for (const hash of HASHES) {
          const keys = await keysOf(scene, knows.name, hash);
          if (scram.includes(hash)) expectKeys(keys, hash, password ?? '');
          else expect(keys).toBeUndefined();
          for (const other of namesLike(knows.name)) {
            expect([other, await keysOf(scene, other, hash)]).toEqual([other, undefined]);
          }
        }
      });
    }

    test('lets nobody act as somebody without being told to (attack A18)', async (scene) => {
      for (const other of namesLike(acts)) {
        expect([other, await may(scene, acts, other)]).toEqual([other, false]);
        expect([other, await may(scene, other, acts)]).toEqual([other, false]);
        expect([other, await may(scene, other, other)]).toEqual([other, false]);
      }
    });

    it('can not tell where its backend is down: neither yes nor no (attack A26)', () =>
      inScene(suite.down, async (scene) => {
        const asked = [
          ...(password === undefined
            ? []
            : [
                () => byPassword(scene, knows.name, password),
                () => byPassword(scene, knows.name, `${password}x`),
                () => byPassword(scene, 'nobody', password),
              ]),
          ...(token === undefined ? [] : [() => byToken(scene, token)]),
          ...(certificate === undefined ? [] : [() => byCertificate(scene, certificate)]),
          ...(scram === undefined ? [] : HASHES.map((hash) => () => keysOf(scene, knows.name, hash))),
        ];
        for (const ask of asked) {
          const end = await ask().then(
            (said) => ({ said }),
            (error: unknown) => ({ error }),
          );
          // It is told as an error, so that the log has a cause.
          expect(end).toEqual({ error: expect.any(Error) });
          expectHidden(end);
        }
      }));
  });
}

/** A name goes into logs and header fields (attack A6). */
function expectName(said: unknown, acts: string): void {
  expect(said).toBe(acts);
  expect(acts).not.toBe('');
  expect(hasControl(acts)).toBe(false);
}

/** The client's side, from RFC 5802 3. */
function expectKeys(keys: ScramKeys | undefined, hash: ScramHash, password: string): void {
  if (keys === undefined) throw new Error(`there are no keys of ${hash}`);
  const digest = hash === 'SHA-1' ? 'sha1' : 'sha256';
  // RFC 5802 5.1 and RFC 7677 4.
  expect(keys.iterations).toBeGreaterThanOrEqual(4096);
  expect(keys.salt.length).toBeGreaterThanOrEqual(8);
  const salted = pbkdf2Sync(password, keys.salt, keys.iterations, hash === 'SHA-1' ? 20 : 32, digest);
  const mac = (text: string): Buffer => createHmac(digest, salted).update(text).digest();
  const storedKey = createHash(digest).update(mac('Client Key')).digest();
  const serverKey = mac('Server Key');
  expect([Buffer.compare(keys.storedKey, storedKey), Buffer.compare(keys.serverKey, serverKey)]).toEqual([0, 0]);
}

/** A secret as it could be seen. */
function formsOf(secret: string): readonly string[] {
  const octets = Buffer.from(secret);
  return [secret, octets.toString('base64').replace(/=+$/, ''), octets.toString('hex')];
}

/** All that a dump shows, causes of errors too. */
function dump(value: unknown): string {
  const all = { depth: Infinity, showHidden: true, maxStringLength: null, maxArrayLength: null };
  const shown = inspect(value, all);
  const octets = shown.replaceAll(/<Buffer ([^>]*)>/g, (_, text: string) => text.replaceAll(' ', ''));
  return `${shown} ${octets} ${JSON.stringify(value)}`;
}
