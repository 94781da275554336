/**
 * What is kept of a password: hashes that are slow to guess, each as one word of text.
 *
 *     $scrypt$ln=15,r=8,p=1$<salt>$<hash>                          RFC 7914, base64 without padding
 *     $2b$12$…                                                     bcrypt
 *     SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>    RFC 5802 3 and RFC 7677, base64; SCRAM-SHA-1 alike
 */
import { createHash, createHmac, pbkdf2, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { ScramHash, ScramKeys } from '@mailverb/contract';
import bcrypt from 'bcryptjs';

const derive = promisify(pbkdf2);

/** A password can be checked against it. */
export interface PasswordHash {
  /** The same for hashes that take the same time. */
  readonly cost: string;
  /** What a mechanism SCRAM needs, where this is that. */
  readonly scram?: { readonly hash: ScramHash; readonly keys: ScramKeys };
  matches(password: string): Promise<boolean>;
  /** One of the same cost that no password matches. */
  decoy(): PasswordHash;
}

/** Memory that one check may take: 128 · N · r octets. */
const MAX_MEMORY = 256 * 1024 * 1024;
const MAX_ITERATIONS = 10_000_000;
/** bcrypt looks at no more than this, and a longer password would match by its beginning. */
const BCRYPT_OCTETS = 72;
const SCRYPT_KEY = 32;

/** Reads one; undefined if it is none of the forms, or is weaker or costlier than makes sense. */
export function parsePasswordHash(text: string): PasswordHash | undefined {
  if (text.startsWith('$scrypt$')) return parseScrypt(text);
  if (/^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/.test(text)) return parseBcrypt(text);
  return parseScram(text);
}

/** Makes `$scrypt$…` of a password. */
export async function makeScrypt(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await stretch(password, salt, { ln: 15, r: 8, p: 1 }, SCRYPT_KEY);
  return `$scrypt$ln=15,r=8,p=1$${unpadded(salt)}$${unpadded(key)}`;
}

/** Makes `SCRAM-…$…` of a password. */
export async function makeScram(password: string, hash: ScramHash, iterations: number): Promise<string> {
  const salt = randomBytes(16);
  const { storedKey, serverKey } = await scramKeys(password, hash, salt, iterations);
  const base64 = (octets: Uint8Array) => Buffer.from(octets).toString('base64');
  return `SCRAM-${hash}$${iterations}:${base64(salt)}$${base64(storedKey)}:${base64(serverKey)}`;
}

interface ScryptCost {
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

function stretch(password: string, salt: Uint8Array, { ln, r, p }: ScryptCost, length: number): Promise<Buffer> {
  const cost = 2 ** ln;
  return new Promise((resolve, reject) => {
    scrypt(
      password,
      salt,
      length,
      { cost, blockSize: r, parallelization: p, maxmem: 2 * 128 * cost * r },
      (error, key) => {
        if (error === null) resolve(key);
        else reject(error);
      },
    );
  });
}

function parseScrypt(text: string): PasswordHash | undefined {
  const found = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{43,86})$/.exec(
    text,
  );
  if (found === null) return undefined;
  const [ln, r, p] = [Number(found[1]), Number(found[2]), Number(found[3])];
  if (ln < 12 || r < 1 || p < 1 || p > 16 || 128 * 2 ** ln * r > MAX_MEMORY) return undefined;
  return scryptHash({ ln, r, p }, Buffer.from(found[4] ?? '', 'base64'), Buffer.from(found[5] ?? '', 'base64'));
}

function scryptHash(cost: ScryptCost, salt: Buffer, key: Buffer): PasswordHash {
  return {
    cost: `scrypt ${cost.ln} ${cost.r} ${cost.p}`,
    matches: async (password) => timingSafeEqual(await stretch(password, salt, cost, key.length), key),
    decoy: () => scryptHash(cost, randomBytes(salt.length), randomBytes(key.length)),
  };
}

function parseBcrypt(text: string): PasswordHash | undefined {
  const rounds = Number(text.slice(4, 6));
  if (rounds < 8 || rounds > 15) return undefined;
  return {
    cost: `bcrypt ${rounds}`,
    matches: async (password) => (await bcrypt.compare(password, text)) && Buffer.byteLength(password) <= BCRYPT_OCTETS,
    decoy: () => {
      const random = (length: number) =>
        randomBytes(length).toString('base64').replaceAll(/[+=]/g, '.').slice(0, length);
      // The last character of salt and hash have bits to spare, which must be 0: "." is.
      const other = parseBcrypt(`$2b$${text.slice(4, 6)}$${random(21)}.${random(30)}.`);
      if (other === undefined) throw new Error('a decoy is no hash');
      return other;
    },
  };
}

function parseScram(text: string): PasswordHash | undefined {
  const found =
    /^SCRAM-(SHA-1|SHA-256)\$(\d{1,8}):([A-Za-z0-9+/=]{8,88})\$([A-Za-z0-9+/=]{28,44}):([A-Za-z0-9+/=]{28,44})$/.exec(
      text,
    );
  if (found === null) return undefined;
  const hash: ScramHash = found[1] === 'SHA-1' ? 'SHA-1' : 'SHA-256';
  const iterations = Number(found[2]);
  const [salt, storedKey, serverKey] = [found[3], found[4], found[5]].map((part) => Buffer.from(part ?? '', 'base64'));
  if (salt === undefined || storedKey === undefined || serverKey === undefined) return undefined;
  const length = octetsOf(hash);
  // RFC 5802 5.1 and RFC 7677 4: 4096 at the least.
  if (iterations < 4096 || iterations > MAX_ITERATIONS || salt.length < 8) return undefined;
  if (storedKey.length !== length || serverKey.length !== length) return undefined;
  return scramHash(hash, { salt, iterations, storedKey, serverKey });
}

function scramHash(hash: ScramHash, keys: ScramKeys): PasswordHash {
  const { iterations, salt } = keys;
  return {
    cost: `scram ${hash} ${iterations}`,
    scram: { hash, keys },
    matches: async (password) =>
      timingSafeEqual((await scramKeys(password, hash, salt, iterations)).storedKey, keys.storedKey),
    decoy: () => {
      const random = () => randomBytes(octetsOf(hash));
      return scramHash(hash, { salt: randomBytes(salt.length), iterations, storedKey: random(), serverKey: random() });
    },
  };
}

/** RFC 5802 3. */
async function scramKeys(
  password: string,
  hash: ScramHash,
  salt: Uint8Array,
  iterations: number,
): Promise<{ readonly storedKey: Buffer; readonly serverKey: Buffer }> {
  const digest = hash === 'SHA-1' ? 'sha1' : 'sha256';
  const salted = await derive(password, salt, iterations, octetsOf(hash), digest);
  const mac = (text: string) => createHmac(digest, salted).update(text).digest();
  return { storedKey: createHash(digest).update(mac('Client Key')).digest(), serverKey: mac('Server Key') };
}

function octetsOf(hash: ScramHash): number {
  return hash === 'SHA-1' ? 20 : 32;
}

function unpadded(octets: Uint8Array): string {
  return Buffer.from(octets).toString('base64').replaceAll('=', '');
}
