/** Start and stop: for whatever a plugin contributes that opens something. */
import type { MaybePromise } from './promise.js';

/**
 * Any contribution (a strategy, a policy, a service…) may have these. Constructors do no I/O; `start` does, in dependency order,
 * before any listener opens; `stop` comes in reverse, once the last session is over, and also if a later `start` failed.
 */
export interface Lifecycle {
  start?(): MaybePromise<void>;
  stop?(): MaybePromise<void>;
}
