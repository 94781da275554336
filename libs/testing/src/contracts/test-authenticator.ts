/** People with credentials of every kind, and an authenticator that knows them and tells what it was asked. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import type { Authenticator, ClientCertificate, MaybePromise, ScramHash, ScramKeys } from '@mailverb/contract';
import { testClientCertificate } from './fixtures.js';

/** Somebody who can prove who they are in every way. */
export interface TestUser {
  readonly name: string;
  readonly password: string;
  readonly token: string;
  readonly certificate: ClientCertificate;
}

/** Somebody of that name, with secrets that nobody else has; the same each time. */
export function testUser(name: string, overrides: Partial<TestUser> = {}): TestUser {
  const digits = createHash('sha256').update(name).digest('hex').toUpperCase();
  return {
    name,
    password: `pw ${digits.slice(0, 12)}`,
    token: `tok.${digits.slice(12, 24)}`,
    certificate: testClientCertificate({
      subject: `CN=${name},O=Test`,
      commonName: name,
      emails: [`${name}@test.example`],
      fingerprint: (digits.match(/../g) ?? []).join(':'),
    }),
    ...overrides,
  };
}

/** Few, as tests have no time; with a cache, as the keys of a password never change. */
const ITERATIONS = 64;
const keys = new Map<string, ScramKeys>();

/** What a server keeps of a password for SCRAM (RFC 5802 3), with the same salt each time. */
export function testScramKeys(password: string, hash: ScramHash, iterations = ITERATIONS): ScramKeys {
  const id = `${hash} ${iterations} ${password}`;
  const known = keys.get(id);
  if (known !== undefined) return known;
  const algorithm = hash === 'SHA-1' ? 'sha1' : 'sha256';
  const salt = createHash('sha256').update(id).digest().subarray(0, 16);
  const salted = pbkdf2Sync(password, salt, iterations, algorithm === 'sha1' ? 20 : 32, algorithm);
  const mac = (text: string) => createHmac(algorithm, salted).update(text).digest();
  const storedKey = createHash(algorithm).update(mac('Client Key')).digest();
  const made = { salt, iterations, storedKey, serverKey: mac('Server Key') };
  keys.set(id, made);
  return made;
}

/** What a test authenticator is like. */
export interface TestAuthenticatorOptions {
  /** Whom it knows; default nobody. */
  readonly users?: readonly TestUser[];
  /** The name that somebody acts under; default their own. */
  readonly acts?: (name: string) => string;
  /** Who may act as whom; default nobody as anybody else. */
  readonly mayActAs?: (name: string, other: string) => boolean;
  /** Thrown in place of every answer. */
  readonly fails?: Error;
  /** True if its answers are promises. */
  readonly later?: boolean;
}

/** Has every method, and remembers what it was asked: never a secret. */
export class TestAuthenticator implements Required<Authenticator> {
  /** `password ann`, `scram ann SHA-256`, `token`, `certificate CN=ann,O=Test`, `mayActAs ann boss`, in order. */
  readonly calls: string[] = [];
  readonly #options: TestAuthenticatorOptions;

  constructor(options: TestAuthenticatorOptions = {}) {
    this.#options = options;
  }

  password(name: string, password: string): MaybePromise<string | undefined> {
    return this.#answer(`password ${name}`, () =>
      this.#acts((user) => user.name === name && user.password === password),
    );
  }

  scram(name: string, hash: ScramHash): MaybePromise<ScramKeys | undefined> {
    return this.#answer(`scram ${name} ${hash}`, () => {
      const user = this.#find((one) => one.name === name);
      return user === undefined ? undefined : testScramKeys(user.password, hash);
    });
  }

  token(token: string): MaybePromise<string | undefined> {
    return this.#answer('token', () => this.#acts((user) => user.token === token));
  }

  certificate({ subject, fingerprint }: ClientCertificate): MaybePromise<string | undefined> {
    return this.#answer(`certificate ${subject}`, () =>
      this.#acts((user) => user.certificate.fingerprint === fingerprint),
    );
  }

  mayActAs(name: string, other: string): MaybePromise<boolean> {
    return this.#answer(`mayActAs ${name} ${other}`, () => this.#options.mayActAs?.(name, other) ?? false);
  }

  #find(is: (user: TestUser) => boolean): TestUser | undefined {
    return this.#options.users?.find(is);
  }

  #acts(is: (user: TestUser) => boolean): string | undefined {
    const user = this.#find(is);
    const { acts = (name) => name } = this.#options;
    return user === undefined ? undefined : acts(user.name);
  }

  #answer<T>(call: string, say: () => T): MaybePromise<T> {
    this.calls.push(call);
    const { fails, later = false } = this.#options;
    if (later) return fails === undefined ? Promise.resolve(say()) : Promise.reject(fails);
    if (fails !== undefined) throw fails;
    return say();
  }
}
