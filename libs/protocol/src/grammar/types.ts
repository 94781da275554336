/** What the grammar yields: addresses and parameters as values, never as text to be taken apart again (attack A7). */

/** A domain or an address literal, as RFC 5321 4.1.2 and 4.1.3 know them. */
export type Host =
  /** `name` is lower case and in A-labels (RFC 5890), so that equal domains are equal strings. */
  | { readonly kind: 'domain'; readonly name: string }
  /** `[192.0.2.1]`: `name` is `[192.0.2.1]`, `address` the address alone. */
  | { readonly kind: 'ipv4'; readonly name: string; readonly address: string }
  /** `[IPv6:2001:db8::1]`: `name` has the address in lower case. */
  | { readonly kind: 'ipv6'; readonly name: string; readonly address: string }
  /** `[tag:content]`, RFC 5321's general address literal. */
  | { readonly kind: 'general'; readonly name: string; readonly tag: string; readonly content: string };

/** A mailbox, taken apart once. */
export interface Mailbox {
  /** The local part with its quoting removed: `"a b"@x` has `a b`. Case is kept (RFC 5321 2.4). */
  readonly local: string;
  /** The part after the last unquoted `@`; undefined only for `<Postmaster>` (RFC 5321 4.5.1). */
  readonly host: Host | undefined;
  /**
   * The domain (A-labels, lower case) or the literal with its brackets; empty for `<Postmaster>`.
   * This is the only string by which anything may be routed.
   */
  readonly domain: string;
  /** The mailbox in its canonical wire form, quoted again where it must be: safe in a header, a log or a command. */
  readonly address: string;
  /** True if the local part or the domain as given has a non-ASCII character, and SMTPUTF8 is needed. */
  readonly utf8: boolean;
}

/** The reverse-path: a mailbox, or null for `<>`. */
export type ReversePath = Mailbox | null;

/** One ESMTP parameter as it was sent: `SIZE=100` or `SMTPUTF8`. Keywords are in upper case. */
export interface Parameter {
  readonly keyword: string;
  /** Undefined where there was no `=`. */
  readonly value: string | undefined;
}
