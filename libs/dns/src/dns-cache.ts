/** Answers that are remembered for a while. Bounded: beyond its size the one that was not used for longest goes. */
import type { DnsAnswer } from './answer.js';

interface Entry {
  readonly answer: DnsAnswer<unknown>;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

export class DnsCache {
  /** The one used last at the end. */
  readonly #entries = new Map<string, Entry>();

  /** @param size how many answers; 0 for none. */
  constructor(private readonly size: number) {}

  get(key: string, now: number): DnsAnswer<unknown> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (entry.until <= now) return undefined;
    this.#entries.set(key, entry);
    return entry.answer;
  }

  set(key: string, answer: DnsAnswer<unknown>, until: number): void {
    if (this.size === 0) return;
    this.#entries.delete(key);
    this.#entries.set(key, { answer, until });
    if (this.#entries.size <= this.size) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}
