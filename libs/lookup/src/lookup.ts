/** What a table is to whoever looks something up in it. */
import type { Lifecycle, MaybePromise } from '@mailverb/contract';

/** What came of a question. `failed` is no answer at all: whoever asked defers (attack A26). Why is in the log. */
export type LookupAnswer<T> =
  { readonly kind: 'found'; readonly value: T } | { readonly kind: 'none' } | { readonly kind: 'failed' };

/** There is nothing under the key. */
export const NONE: LookupAnswer<never> = Object.freeze({ kind: 'none' });
/** Nobody can tell. */
export const FAILED: LookupAnswer<never> = Object.freeze({ kind: 'failed' });

/** A table of values of type `T`, asked with keys of type `K`. Its owner calls `start` and `stop`. */
export interface Lookup<K, T> extends Lifecycle {
  /** Answers at once where the table is here; never throws or rejects. */
  find(key: K): MaybePromise<LookupAnswer<T>>;
}
