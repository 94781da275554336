/** Answers that are kept for a while. Bounded: what was put in first makes room. */
import type { Clock } from '@mailverb/contract';
import type { LookupAnswer } from './lookup.js';

/** See above. Failures are never kept: the next question may be answered. */
export class AnswerCache<T> {
  private readonly kept = new Map<string, { readonly answer: LookupAnswer<T>; readonly until: number }>();

  constructor(
    private readonly clock: Clock,
    private readonly size: number,
  ) {}

  get(key: string): LookupAnswer<T> | undefined {
    const found = this.kept.get(key);
    if (found === undefined) return undefined;
    if (found.until > this.clock.now()) return found.answer;
    this.kept.delete(key);
    return undefined;
  }

  keep(key: string, answer: LookupAnswer<T>, ms: number): void {
    if (ms === 0 || this.size === 0) return;
    // Put at the end anew, as the youngest.
    this.kept.delete(key);
    if (this.kept.size >= this.size) {
      const [oldest] = this.kept.keys();
      if (oldest !== undefined) this.kept.delete(oldest);
    }
    this.kept.set(key, { answer, until: this.clock.now() + ms });
  }

  clear(): void {
    this.kept.clear();
  }
}
