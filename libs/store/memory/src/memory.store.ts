/**
 * Memory: what plugins share, in one process, for as long as it lives.
 *
 * There is no timer. Whatever is read is looked at first, and every write looks at two values more and drops those whose time has come: as one
 * write adds one value at most, all are looked at again and again, and what has expired never outnumbers what has been written since.
 */
import { Clock, Options, type Store } from '@mailverb/contract';
import { inject, injectable } from 'tsyringe';
import type { MemoryOptions } from './memory.options.js';

/** Values looked at for each that is written: more than one, or the look would never come round. */
const LOOKS_PER_WRITE = 2;

interface Entry {
  /** A character for each octet: an array of its own would cost ten times what is in it. */
  readonly value: string;
  /** Milliseconds since the epoch: from then on it is not there any more. */
  readonly until: number;
}

/** The store memory. All of it is synchronous, and therefore atomic. */
@injectable()
export class MemoryStore implements Store {
  /** In the order in which they were written last. */
  readonly #entries = new Map<string, Entry>();
  readonly #maxEntries: number;
  readonly #clock: Clock;
  /** Goes round and round, for what has expired. */
  #looking: Iterator<[string, Entry]> = this.#entries.entries();
  /**
   * Stands at the oldest value: all before it are gone, or were written again and stand at the end. A new iterator would have to walk over
   * the holes that they left, and over ever more of them.
   */
  #oldest: Iterator<string> = this.#entries.keys();

  constructor(@inject(Options) { maxEntries }: MemoryOptions, @inject(Clock) clock: Clock) {
    this.#maxEntries = maxEntries;
    this.#clock = clock;
  }

  /** How many values there are, expired ones that nobody has looked at yet among them. */
  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Uint8Array | undefined {
    const entry = this.#find(key);
    return entry === undefined ? undefined : Buffer.from(entry.value, 'latin1');
  }

  set(key: string, value: Uint8Array, ttlMs: number): void {
    this.#write(key, value, ttlMs);
  }

  update(
    key: string,
    change: (value: Uint8Array | undefined) => { value: Uint8Array; ttlMs: number } | undefined,
  ): Uint8Array | undefined {
    const written = change(this.get(key));
    if (written === undefined) this.#entries.delete(key);
    else this.#write(key, written.value, written.ttlMs);
    return written?.value;
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  *values(): Generator<Uint8Array> {
    for (const { value, until } of this.#entries.values()) {
      if (until > this.#clock.now()) yield Buffer.from(value, 'latin1');
    }
  }

  #find(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.until > this.#clock.now()) return entry;
    this.#entries.delete(key);
    return undefined;
  }

  #write(key: string, value: Uint8Array, ttlMs: number): void {
    if (!Number.isFinite(ttlMs)) throw new RangeError(`a value has a time to live, not ${ttlMs} ms`);
    this.#look();
    // Behind all others, also where it was there before.
    this.#entries.delete(key);
    if (ttlMs <= 0) return;
    while (this.#entries.size >= this.#maxEntries) this.#dropOldest();
    this.#entries.set(key, { value: latin1(value), until: this.#clock.now() + ttlMs });
  }

  #look(): void {
    const now = this.#clock.now();
    for (let i = 0; i < LOOKS_PER_WRITE; i++) {
      const { done, value } = this.#looking.next();
      if (done === true) {
        this.#looking = this.#entries.entries();
        return;
      }
      const [key, { until }] = value;
      if (until <= now) this.#entries.delete(key);
    }
  }

  #dropOldest(): void {
    const { done, value } = this.#oldest.next();
    if (done === true) this.#oldest = this.#entries.keys();
    else this.#entries.delete(value);
  }
}

function latin1({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
}
