/** The real clock. */
import type { Alarm, Clock } from '@mailverb/contract';

/** Time as the system has it. */
export class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }

  after(ms: number, callback: () => void): Alarm {
    const timer = setTimeout(callback, ms);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  }
}
