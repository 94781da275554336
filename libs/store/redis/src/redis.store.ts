/** redis: keeps what plugins share in a map. An example: what takes time returns a promise, and what opens something has `start` and `stop`. */
import { Clock, Options, type Store } from '@mailverb/contract';
import { inject, injectable } from 'tsyringe';
import type { RedisOptions } from './redis.options.js';

interface Entry {
  readonly value: Uint8Array;
  /** Milliseconds since the epoch: from then on it is not there any more. */
  readonly until: number;
}

/** The store redis. All of it is synchronous, and therefore atomic. */
@injectable()
export class RedisStore implements Store {
  readonly #entries = new Map<string, Entry>();

  constructor(
    @inject(Options) private readonly options: RedisOptions,
    @inject(Clock) private readonly clock: Clock,
  ) {}

  get(key: string): Uint8Array | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    // A copy: whoever gets it may change it.
    if (entry.until > this.clock.now()) return Uint8Array.from(entry.value);
    this.#entries.delete(key);
    return undefined;
  }

  set(key: string, value: Uint8Array, ttlMs: number): void {
    if (!Number.isFinite(ttlMs)) throw new RangeError(`a value has a time to live, not ${ttlMs} ms`);
    // Behind all others, also where it was there before.
    this.#entries.delete(key);
    if (ttlMs <= 0) return;
    this.#entries.set(key, { value: Uint8Array.from(value), until: this.clock.now() + ttlMs });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.options.maxEntries && oldest !== undefined) this.#entries.delete(oldest);
  }

  update(
    key: string,
    change: (value: Uint8Array | undefined) => { value: Uint8Array; ttlMs: number } | undefined,
  ): Uint8Array | undefined {
    const written = change(this.get(key));
    if (written === undefined) this.#entries.delete(key);
    else this.set(key, written.value, written.ttlMs);
    return written?.value;
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}
