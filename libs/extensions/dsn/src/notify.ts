/** NOTIFY (RFC 3461 4.1): NEVER alone, or a list of the others. */
import type { Notify } from '@mailverb/contract';
import { isAscii, reply, type Reply } from '@mailverb/protocol';

const BAD_NOTIFY = reply(501, '5.5.4', 'Syntax: NOTIFY=NEVER or a list of SUCCESS,FAILURE,DELAY');

type When = 'success' | 'failure' | 'delay';
const BITS: ReadonlyMap<string, number> = new Map([
  ['SUCCESS', 1],
  ['FAILURE', 2],
  ['DELAY', 4],
]);
const WHENS: readonly When[] = ['success', 'failure', 'delay'];

/** All there are: recipients share them, and an envelope costs no set. */
const SETS: readonly ReadonlySet<When>[] = Array.from(
  { length: 8 },
  (_, bits) => new Set(WHENS.filter((_when, i) => (bits & (1 << i)) !== 0)),
);

/** Reads the value; in any case, and naming one twice is harmless. */
export function readNotify(value: string | undefined): Notify | Reply {
  // Not every letter that becomes an ASCII letter in upper case is one (attack A6).
  if (value === undefined || !isAscii(value)) return BAD_NOTIFY;
  const upper = value.toUpperCase();
  if (upper === 'NEVER') return 'never';
  let bits = 0;
  for (const word of upper.split(',')) {
    const bit = BITS.get(word);
    if (bit === undefined) return BAD_NOTIFY;
    bits |= bit;
  }
  return SETS[bits] ?? BAD_NOTIFY;
}
