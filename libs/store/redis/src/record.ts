/** How a value and its time stand in Redis: eight octets of time, then the value; and the keys. */

const TIME = 8;

/** A value, and the milliseconds since the epoch from which on it is not there any more. */
export interface Stored {
  readonly value: Uint8Array;
  readonly until: number;
}

/**
 * How much longer Redis keeps a value than it lives. Its clock drops what nobody asks for any more; when a value's time has come is what our own clock
 * says, and that of another machine may be behind.
 */
const KEPT_LONGER_MS = 60_000;

export function encode({ value, until }: Stored): Buffer {
  const octets = Buffer.allocUnsafe(TIME + value.byteLength);
  octets.writeDoubleBE(until);
  octets.set(value, TIME);
  return octets;
}

/** @throws for what no store has written. */
export function decode(octets: Buffer): Stored {
  if (octets.length < TIME) throw new Error('there is something else than values with their time');
  return { value: Uint8Array.from(octets.subarray(TIME)), until: octets.readDoubleBE() };
}

/** For SET's PX. */
export function expiryOf(ttlMs: number): string {
  return String(Math.ceil(ttlMs) + KEPT_LONGER_MS);
}

/**
 * The key in Redis. It is octets there, and a text with half a surrogate pair has no UTF-8: such a one is written as code units, behind a NUL, and
 * so is one that begins with a NUL itself.
 */
export function keyIn(prefix: string, key: string): Buffer {
  if (!key.startsWith('\0') && Buffer.from(key).toString() === key) return Buffer.from(prefix + key);
  return Buffer.concat([Buffer.from(`${prefix}\0`), Buffer.from(key, 'utf16le')]);
}

/** What SCAN's MATCH takes for all keys of a prefix. */
export function patternOf(prefix: string): string {
  return `${prefix.replace(/[\\*?[\]]/g, '\\$&')}*`;
}
