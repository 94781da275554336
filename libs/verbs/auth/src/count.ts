/** How many failures somebody has, as it is kept in the store. All of it is arithmetic: what is counted, and where, is failure-counts.ts. */

/** Failures of one address, of one identity, or of one identity at a familiar address. */
export interface Count {
  readonly failures: number;
  /** When the first of them was. */
  readonly since: number;
  /** When the last of them was. */
  readonly last: number;
  /** Until when the address is familiar to the identity; 0 where that is not what is counted. */
  readonly familiarUntil: number;
}

/** What is in the configuration. */
export interface CountRules {
  /** 0 for none. */
  readonly limit: number;
  readonly window: number;
  readonly lockout: number;
}

const OCTETS = 28;

/** @throws for what is no count: whoever has written that, nobody can tell how many there are. */
export function decodeCount(value: Uint8Array): Count {
  if (value.byteLength !== OCTETS) throw new Error('the store has something else under the key of a count');
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  return {
    failures: view.getUint32(0),
    since: view.getFloat64(4),
    last: view.getFloat64(12),
    familiarUntil: view.getFloat64(20),
  };
}

export function encodeCount({ failures, since, last, familiarUntil }: Count): Uint8Array {
  const view = new DataView(new ArrayBuffer(OCTETS));
  view.setUint32(0, failures);
  view.setFloat64(4, since);
  view.setFloat64(12, last);
  view.setFloat64(20, familiarUntil);
  return new Uint8Array(view.buffer);
}

/** A count and its time to live. */
export interface Kept {
  readonly value: Uint8Array;
  readonly ttlMs: number;
}

/** As it is to be kept; undefined if it need not be. */
export function keep(count: Count, now: number, rules: CountRules): Kept | undefined {
  const { failures, since, last, familiarUntil } = count;
  const end = isFull(count, rules) ? last + rules.lockout : failures > 0 ? since + rules.window : 0;
  const ttlMs = Math.max(end, familiarUntil) - now;
  return ttlMs > 0 ? { value: encodeCount(count), ttlMs } : undefined;
}

/** True if nobody may try now. */
export function isLocked(count: Count | undefined, now: number, rules: CountRules): boolean {
  return count !== undefined && isFull(count, rules) && now < count.last + rules.lockout;
}

/** With one failure more. */
export function withFailure(count: Count | undefined, now: number, rules: CountRules): Count {
  const { failures = 0, since = now, familiarUntil = 0 } = count ?? {};
  // The lockout is over, or the first failure is forgotten and all others with it.
  const anew = (count !== undefined && isFull(count, rules)) || now >= since + rules.window;
  return { failures: anew ? 1 : failures + 1, since: anew ? now : since, last: now, familiarUntil };
}

/** With one failure less, if it was counted in the same window; it was none. */
export function withoutFailure(count: Count, since: number): Count {
  return count.since === since && count.failures > 0 ? { ...count, failures: count.failures - 1 } : count;
}

function isFull({ failures }: Count, { limit }: CountRules): boolean {
  return limit > 0 && failures >= limit;
}
