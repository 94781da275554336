/** Letting others work: turns of the event loop, and a guard against waiting for ever. */

// Kept from the moment of loading, so that a test's fake timers do not stop the tools that it uses.
const { setImmediate: immediate, setTimeout: timeout, clearTimeout: cancel } = globalThis;

/** Lets the event loop turn once: all promises and ticks that are due are done before it returns. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    immediate(resolve);
  });
}

/** Lets everything happen that needs no further input: ticks, promises, and what they put off with setImmediate. */
export async function settle(turns = 3): Promise<void> {
  for (let i = 0; i < turns; i++) await turn();
}

/** How long something that must come may take before the test is told what was waited for. */
export const PATIENCE_MS = 4000;

/**
 * `promise`, or an error when it takes too long. A guard and nothing else: no test may depend on its length.
 * @param waited says what was waited for; called only if it did not come.
 */
export function within<T>(promise: Promise<T>, waited: () => Error, ms = PATIENCE_MS): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = timeout(() => reject(waited()), ms);
    promise.then(resolve, reject).finally(() => cancel(timer));
  });
}
