/** How many programs run at once: a place for each, and a bounded wait for one. */
import type { Alarm, Clock } from '@mailverb/contract';

/** A number of places. */
export class Places {
  private taken = 0;
  /** In the order in which they came. */
  private readonly waiting = new Set<() => void>();

  constructor(
    private readonly count: number,
    private readonly waitMs: number,
    private readonly clock: Clock,
  ) {}

  /** True when there is a place, which must be given back; false if none came free in time, or the signal fired. */
  take(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    if (this.taken < this.count) {
      this.taken += 1;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      let alarm: Alarm | undefined = undefined;
      const end = (given: boolean): void => {
        this.waiting.delete(next);
        alarm?.cancel();
        signal.removeEventListener('abort', giveUp);
        resolve(given);
      };
      const next = (): void => end(true);
      const giveUp = (): void => end(false);
      this.waiting.add(next);
      signal.addEventListener('abort', giveUp);
      alarm = this.clock.after(this.waitMs, giveUp);
    });
  }

  /** A place is free: it goes to whoever has waited longest. */
  give(): void {
    const [next] = this.waiting;
    if (next === undefined) this.taken -= 1;
    else next();
  }
}
