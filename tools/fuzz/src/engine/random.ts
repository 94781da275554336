/** Random numbers from a seed: the same seed, the same run, on every machine. */

/** A stream of random numbers. */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  /** @param seed any number. @param stream a name, so that targets that share a seed share no numbers. */
  constructor(seed: number, stream = '') {
    this.a = seed | 0;
    this.b = Math.floor(seed / 2 ** 32) | 0;
    this.c = hash32(stream);
    for (let i = 0; i < 12; i++) this.next();
  }

  /** An integer in [0, 2^32): Doty-Humphrey's sfc32. */
  next(): number {
    const sum = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** An integer in [0, below); 0 if there is none. */
  below(below: number): number {
    return below <= 1 ? 0 : this.next() % below;
  }

  /** True once in `times`, on average. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  /** One of them. @throws RangeError if there is none. */
  pick<T>(from: readonly T[]): T {
    if (from.length === 0) throw new RangeError('nothing to pick from');
    return from[this.below(from.length)] as T;
  }

  /** A length in [1, most], mostly short. */
  length(most: number): number {
    const limit = this.oneIn(4) ? most : Math.min(most, this.oneIn(3) ? 64 : 8);
    return 1 + this.below(limit);
  }
}

/** A number from bytes or text (FNV-1a): for names, for splits that depend on the input and on nothing else. */
export function hash32(of: string | Uint8Array): number {
  const bytes = typeof of === 'string' ? Buffer.from(of, 'utf8') : of;
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
