/** Who there is: one reading of the file. */
import type { ClientCertificate, ScramHash, ScramKeys } from '@mailverb/contract';
import { AddressSet } from '@mailverb/options';
import { parseMailbox } from '@mailverb/protocol';
import type { PasswordHash } from './password-hash.js';

/** Somebody. */
export interface User {
  readonly name: string;
  /** The line of the file where it stands. */
  readonly line: number;
  /** In the order of the file. */
  readonly hashes: readonly PasswordHash[];
  /** Names, addresses and domains. */
  readonly mayActAs: readonly string[];
  /** Fingerprints, and addresses that stand in certificates. */
  readonly certificates: readonly string[];
}

/** Something in the file that can't be meant: what, and in which line. Never shows a hash. */
export class UsersError extends Error {
  override readonly name = 'UsersError';
  constructor(
    readonly line: number,
    message: string,
  ) {
    super(message);
  }
}

interface Known {
  readonly user: User;
  /** What a password is checked against: one, so that all of them take the same time. */
  readonly check: PasswordHash | undefined;
  readonly addresses: AddressSet;
}

/** Looks people up. Names are compared exactly: they are prepared by SASLprep, and case counts. */
export class Users {
  readonly #known = new Map<string, Known>();
  readonly #byCertificate = new Map<string, string>();
  /** What the password of somebody who is not there is checked against. */
  readonly #decoy: PasswordHash | undefined;

  /** @throws {UsersError} */
  constructor(users: readonly User[]) {
    for (const user of users) this.#add(user);
    this.#decoy = mostUsual([...this.#known.values()].flatMap(({ check }) => check ?? []))?.decoy();
  }

  get size(): number {
    return this.#known.size;
  }

  /** Takes as long for a name that is not there as for one that is. */
  async password(name: string, password: string): Promise<string | undefined> {
    const known = this.#known.get(name);
    const matches = (await (known?.check ?? this.#decoy)?.matches(password)) === true;
    // HMAC fills a key up with NUL, so to scrypt and PBKDF2 `x NUL` is `x`; and to bcrypt `x NUL x` is.
    const right = matches && !password.includes('\0');
    return right && known?.check !== undefined ? known.user.name : undefined;
  }

  scram(name: string, hash: ScramHash): ScramKeys | undefined {
    return this.#known.get(name)?.user.hashes.find(({ scram }) => scram?.hash === hash)?.scram?.keys;
  }

  certificate({ fingerprint, emails }: ClientCertificate): string | undefined {
    for (const key of [fingerprint, ...emails]) {
      const name = this.#byCertificate.get(keyOf(key));
      if (name !== undefined) return name;
    }
    return undefined;
  }

  mayActAs(name: string, other: string): boolean {
    const known = this.#known.get(name);
    if (known === undefined) return false;
    if (known.user.mayActAs.includes(other)) return true;
    const mailbox = parseMailbox(other);
    return mailbox !== undefined && known.addresses.has(mailbox);
  }

  #add(user: User): void {
    const before = this.#known.get(user.name);
    if (before !== undefined) {
      throw new UsersError(user.line, `${user.name} stands here a second time, after line ${before.user.line}`);
    }
    const addresses = new AddressSet();
    // What is neither address nor domain is a name, and compared as such.
    for (const other of user.mayActAs) addresses.add(other);
    for (const certificate of user.certificates) {
      const key = keyOf(certificate);
      const other = this.#byCertificate.get(key);
      if (other !== undefined)
        throw new UsersError(user.line, `the certificate ${certificate} is that of ${other} already`);
      this.#byCertificate.set(key, user.name);
    }
    this.#known.set(user.name, { user, check: strongest(user.hashes), addresses });
  }
}

/** scrypt and bcrypt are made for passwords; SCRAM's keys will do. */
function strongest(hashes: readonly PasswordHash[]): PasswordHash | undefined {
  return (
    hashes.find(({ scram }) => scram === undefined) ??
    hashes.find(({ scram }) => scram?.hash === 'SHA-256') ??
    hashes[0]
  );
}

function mostUsual(hashes: readonly PasswordHash[]): PasswordHash | undefined {
  const counts = new Map<string, { readonly hash: PasswordHash; count: number }>();
  for (const hash of hashes) {
    const entry = counts.get(hash.cost);
    if (entry === undefined) counts.set(hash.cost, { hash, count: 1 });
    else entry.count += 1;
  }
  return [...counts.values()].sort((a, b) => b.count - a.count)[0]?.hash;
}

/** Fingerprints in any case, with colons or without; addresses in any case. */
function keyOf(certificate: string): string {
  return certificate.includes('@') ? certificate.toLowerCase() : certificate.replaceAll(':', '').toUpperCase();
}
