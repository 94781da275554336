/** How a value and its time stand in the database: eight octets of time, then the value. */
import { hash } from 'node:crypto';

const TIME = 8;

/** A value, and the milliseconds since the epoch from which on it is not there any more. */
export interface Stored {
  readonly value: Uint8Array;
  readonly until: number;
}

export function encode({ value, until }: Stored): Buffer {
  const octets = Buffer.allocUnsafe(TIME + value.byteLength);
  octets.writeDoubleBE(until);
  octets.set(value, TIME);
  return octets;
}

/** The value is a copy: what the database gives may be its own memory. */
export function decode(octets: Uint8Array): Stored {
  return { value: new Uint8Array(octets.subarray(TIME)), until: untilOf(octets) };
}

/** The time alone. @throws for what no store has written. */
export function untilOf({ buffer, byteOffset, byteLength }: Uint8Array): number {
  if (byteLength < TIME) throw new Error('the database has something else than values with their time');
  return new DataView(buffer, byteOffset, TIME).getFloat64(0);
}

/**
 * What stands for a key: a text of any length and with any characters is 32 octets, which the database sorts as if by chance. Its code units and not its
 * UTF-8, in which all halves of surrogate pairs are one.
 */
export function hashOf(key: string): Buffer {
  // In one go: a hash object for each costs three times as much, and the collector as much again.
  return hash('sha256', Buffer.from(key, 'utf16le'), 'buffer');
}
