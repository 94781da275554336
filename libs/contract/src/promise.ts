/** A value, or a promise of it. Whoever gets one looks before awaiting, so that the common case stays synchronous. */
export type MaybePromise<T> = T | PromiseLike<T>;

/** True if `value` must be awaited. */
export function isPromise<T>(value: MaybePromise<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
