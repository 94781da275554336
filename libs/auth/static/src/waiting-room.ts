/**
 * So many at once, so many that wait, and no more. Hashing is slow on purpose: without a bound a flood of AUTH would take every thread and all
 * memory, and the mail of everybody else would wait (attacks A13, A18).
 */
export class WaitingRoom {
  private busy = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly atOnce: number,
    private readonly atMost: number,
  ) {}

  /** Does it when it is its turn; rejects at once if too many wait. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.busy >= this.atOnce) {
      if (this.waiting.length >= this.atMost) throw new Error('too many passwords wait to be checked (maxWaiting)');
      // Who wakes it has kept the place.
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else {
      this.busy += 1;
    }
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.busy -= 1;
      else next();
    }
  }
}
