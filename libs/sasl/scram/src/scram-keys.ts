/** The arithmetic of SCRAM on the server's side (RFC 5802 3). */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ScramHash, ScramKeys } from '@mailverb/contract';

const ALGORITHMS = { 'SHA-1': { name: 'sha1', octets: 20 }, 'SHA-256': { name: 'sha256', octets: 32 } } as const;

/** As many as the entries of `auth/static` have. */
const SALT_OCTETS = 16;

/** What the server says if the proof is right; undefined if it is not. Takes the same time whichever it is. */
export function serverSignature(
  hash: ScramHash,
  { storedKey, serverKey }: ScramKeys,
  signed: string,
  proof: Uint8Array,
): Uint8Array | undefined {
  const { name, octets } = ALGORITHMS[hash];
  if (proof.length !== octets) return undefined;
  const signature = createHmac(name, storedKey).update(signed).digest();
  const clientKey = signature.map((octet, i) => octet ^ (proof[i] ?? 0));
  const right = timingSafeEqual(createHash(name).update(clientKey).digest(), storedKey);
  const answer = createHmac(name, serverKey).update(signed).digest();
  return right ? answer : undefined;
}

/** @throws if an authenticator gives what can't be the keys of this hash: then nobody can tell who the client is. */
export function checkKeys(hash: ScramHash, { salt, iterations, storedKey, serverKey }: ScramKeys): void {
  const { octets } = ALGORITHMS[hash];
  const right = storedKey.length === octets && serverKey.length === octets && salt.length > 0;
  if (!right || !Number.isSafeInteger(iterations) || iterations < 1) {
    throw new Error(`the authenticator gave no keys of SCRAM-${hash}`);
  }
}

/** One for all instances in a process, so that they tell the same lies. */
const PROCESS_SECRET = randomBytes(32);

/**
 * Keys of people that nobody knows: the same each time, and to look at like those of people that somebody knows, so that a first message does not
 * tell whether a name exists (attack A18). No proof fits them.
 */
export class FakeKeys {
  readonly #secret: string | Uint8Array;
  readonly #iterations: number;

  /** @param secret what they are made of; by default something random of this process. */
  constructor(iterations: number, secret?: string) {
    this.#secret = secret ?? PROCESS_SECRET;
    this.#iterations = iterations;
  }

  of(name: string, hash: ScramHash): ScramKeys {
    const make = (what: string) =>
      createHmac(ALGORITHMS[hash].name, this.#secret).update(`${hash} ${what} ${name}`).digest();
    return {
      salt: make('salt').subarray(0, SALT_OCTETS),
      iterations: this.#iterations,
      storedKey: make('stored key'),
      serverKey: make('server key'),
    };
  }
}
