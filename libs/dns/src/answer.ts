/** What a lookup comes to. */

/**
 * Three outcomes that must never be taken for one another:
 * `found`: there are records, of which only usable ones are shown (so there may be none of them);
 * `none`: the DNS has said that there are none, because the name does not exist, or exists without any of this type;
 * `failed`: nobody knows (SERVFAIL, refused, no answer in time): whoever asked may ask again later, and must not take it for `none`.
 */
export type DnsAnswer<T> =
  | { readonly kind: 'found'; readonly records: readonly T[] }
  /** `exists` is false for NXDOMAIN, true where the name has records of other types only. */
  | { readonly kind: 'none'; readonly exists: boolean }
  /** `reason` is a code for the log, such as `ESERVFAIL`; it never holds the name that was asked. */
  | { readonly kind: 'failed'; readonly reason: string };

/** One MX record. */
export interface MxRecord {
  readonly preference: number;
  /** In lower case and A-labels; empty for the root, which says that there is no mail (RFC 7505). */
  readonly exchange: string;
}

/** NXDOMAIN; also what is said of a name that can't be one. */
export const NO_SUCH_NAME: DnsAnswer<never> = Object.freeze({ kind: 'none', exists: false });
/** The name is there, records of the type are not. */
export const NO_DATA: DnsAnswer<never> = Object.freeze({ kind: 'none', exists: true });
