/**
 * Stores: state that policies share, across sessions and processes (greylist triples, counters of rate limits).
 * A service: a plugin that needs one says `needs: [Store]` and injects the token `Store`.
 */
import type { MaybePromise } from './promise.js';
import { token } from './token.js';

/** Keys to values with an expiry. Every operation is atomic; one that can't be carried out rejects, and whoever asked fails closed. */
export interface Store {
  /** The value, or undefined if there is none or it has expired. */
  get(key: string): MaybePromise<Uint8Array | undefined>;
  /** @param ttlMs milliseconds until it expires. */
  set(key: string, value: Uint8Array, ttlMs: number): MaybePromise<void>;
  /**
   * Reads, lets `change` decide, and writes, with no other writer in between. `change` is pure and may be called again on conflict;
   * undefined deletes. Resolves to what was written.
   */
  update(
    key: string,
    change: (value: Uint8Array | undefined) => { value: Uint8Array; ttlMs: number } | undefined,
  ): MaybePromise<Uint8Array | undefined>;
  delete(key: string): MaybePromise<void>;
  /**
   * All values that have not expired, in no order; absent where a store can't tell. For people who look at what is kept, and for no decision: it
   * goes through everything. Keys are not told, as a store may keep only hashes of them: whoever wants to know what a value is about writes it into
   * the value. What is written or deleted meanwhile may be among them or not, and may come twice.
   */
  values?(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

export const Store = token<Store>('Store');
