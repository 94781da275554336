/**
 * A token bucket, as it is kept in the store: how many tokens are taken, and when that was so. All of it is arithmetic. Time gives tokens back
 * steadily, `limit` in each `per`, and never more than there are.
 *
 * What is kept is only written anew where something changes, so that asking again and again for what is not there rounds nothing.
 */

/** How much may pass: `burst` at once, and `limit` in each `per` milliseconds. */
export interface BucketRules {
  readonly limit: number;
  readonly per: number;
  readonly burst: number;
}

/** A bucket from which something was taken. One that is full is not kept. */
export interface Bucket {
  readonly used: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A bucket as the store has it. */
export interface Kept {
  readonly value: Uint8Array;
  readonly ttlMs: number;
}

/**
 * A bucket may lie ahead of the clock, as those of several machines differ: then no time has passed. One that lies as far ahead as this was
 * written by a clock that was wrong, and would refuse everything until that time has come.
 */
const WRONG_CLOCK_MS = 3_600_000;

/** `used` as a double, and 6 octets of time, which end in the year 10889. */
const OCTETS = 14;
const TWO_32 = 2 ** 32;

/** @throws for what is no bucket: whoever has written that, nobody can tell how much may pass. */
export function decodeBucket(value: Uint8Array): Bucket {
  if (value.byteLength !== OCTETS) throw new Error('the store has something else under the key of a rate limit');
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const used = view.getFloat64(0);
  if (!(used >= 0)) throw new Error('the store has something else under the key of a rate limit');
  return { used, at: view.getUint16(8) * TWO_32 + view.getUint32(10) };
}

export function encodeBucket({ used, at }: Bucket): Uint8Array {
  const view = new DataView(new ArrayBuffer(OCTETS));
  view.setFloat64(0, used);
  view.setUint16(8, Math.floor(at / TWO_32));
  view.setUint32(10, at % TWO_32);
  return new Uint8Array(view.buffer);
}

/** The bucket as it is now. */
export function refilled(bucket: Bucket | undefined, now: number, rules: BucketRules): Bucket {
  if (bucket === undefined) return { used: 0, at: now };
  const { used, at } = bucket;
  if (at > now) return { used, at: at - now > WRONG_CLOCK_MS ? now : at };
  return { used: Math.max(0, used - refill(now - at, rules)), at: now };
}

/** With so many tokens less; undefined if there are not so many. */
export function taken({ used, at }: Bucket, amount: number, { burst }: BucketRules): Bucket | undefined {
  return used + amount <= burst ? { used: used + amount, at } : undefined;
}

/**
 * With tokens that were taken `heldMs` ago and not used. Some of them have come back by themselves since, if only to a bucket that would have been
 * full without that: so only the others are given back, and never may more pass than if nothing had been taken.
 */
export function returned({ used, at }: Bucket, amount: number, heldMs: number, rules: BucketRules): Bucket {
  return { used: Math.max(0, used - Math.max(0, amount - refill(heldMs, rules))), at };
}

/** How long it takes until there are so many tokens, in milliseconds. */
export function waitFor(bucket: Bucket, amount: number, now: number, rules: BucketRules): number {
  return untilUsed(bucket, rules.burst - amount, now, rules);
}

/** As it is to be kept: until it is full. Undefined if it is. */
export function keep(bucket: Bucket, now: number, rules: BucketRules): Kept | undefined {
  const ttlMs = untilUsed(bucket, 0, now, rules);
  return ttlMs > 0 ? { value: encodeBucket(bucket), ttlMs } : undefined;
}

function refill(ms: number, { limit, per }: BucketRules): number {
  return (ms * limit) / per;
}

/** Rounded up: a bucket that expires sooner would be full sooner. */
function untilUsed({ used, at }: Bucket, target: number, now: number, { limit, per }: BucketRules): number {
  return Math.max(0, Math.ceil(((used - target) * per) / limit) + at - now);
}
