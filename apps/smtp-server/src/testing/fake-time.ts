/** A clock for specs: stands still until it is told to go on. */
import type { Clock } from '@mailverb/contract';

export class FakeTime implements Clock {
  private time = 1_000_000;
  private alarms: { readonly at: number; readonly callback: () => void }[] = [];

  now(): number {
    return this.time;
  }

  after(ms: number, callback: () => void) {
    const alarm = { at: this.time + ms, callback };
    this.alarms.push(alarm);
    return { cancel: () => void (this.alarms = this.alarms.filter((one) => one !== alarm)) };
  }

  /** How long it is until each alarm, in the order in which they were set. */
  get waits(): readonly number[] {
    return this.alarms.map(({ at }) => at - this.time);
  }

  /** Lets time pass: alarms ring, and what they set going goes on. */
  async pass(ms: number): Promise<void> {
    this.time += ms;
    const due = this.alarms.filter(({ at }) => at <= this.time);
    this.alarms = this.alarms.filter(({ at }) => at > this.time);
    for (const { callback } of due) callback();
    await settled();
  }
}

/** Lets what was set going go on, as far as it needs nothing from outside. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
