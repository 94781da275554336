/** The clock: time as a service, so that tests own it. */
import { token } from './token.js';

/** Time. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `callback` once after `ms` milliseconds; does not keep the process alive. */
  after(ms: number, callback: () => void): Alarm;
}

/** A pending call; cancelling twice, or after it rang, is harmless. */
export interface Alarm {
  cancel(): void;
}

export const Clock = token<Clock>('Clock');
