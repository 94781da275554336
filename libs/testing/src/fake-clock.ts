/** Time that the test owns. */
import type { Alarm, Clock } from '@mailverb/contract';
import { settle } from './event-loop.js';

/** 2026-01-01T00:00:00Z: where fake time begins unless told otherwise. */
export const FAKE_EPOCH = Date.UTC(2026, 0, 1);

interface Pending {
  readonly due: number;
  readonly callback: () => void;
}

/** A clock that stands still until {@link FakeClock.advance} is called. */
export class FakeClock implements Clock {
  private time: number;
  /** In the order in which they were set: of two due at once the earlier rings first. */
  private readonly alarms = new Set<Pending>();

  constructor(start: number = FAKE_EPOCH) {
    this.time = start;
  }

  now(): number {
    return this.time;
  }

  after(ms: number, callback: () => void): Alarm {
    const alarm: Pending = { due: this.time + Math.max(0, ms), callback };
    this.alarms.add(alarm);
    return { cancel: () => void this.alarms.delete(alarm) };
  }

  /** How many alarms are set: a test of leaks asks. */
  get pending(): number {
    return this.alarms.size;
  }

  /**
   * Lets `ms` milliseconds pass: rings every alarm that falls due, in order, also those set meanwhile, each at its own time and with
   * everything settled in between, so that what a ring causes has happened when the next one rings, and when this resolves.
   */
  async advance(ms: number): Promise<void> {
    const target = this.time + ms;
    await settle();
    for (let next = this.earliest(); next !== undefined && next.due <= target; next = this.earliest()) {
      this.time = Math.max(this.time, next.due);
      this.alarms.delete(next);
      next.callback();
      await settle();
    }
    this.time = target;
  }

  private earliest(): Pending | undefined {
    let first: Pending | undefined;
    for (const alarm of this.alarms) if (first === undefined || alarm.due < first.due) first = alarm;
    return first;
  }
}
