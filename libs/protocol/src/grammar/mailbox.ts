/** Mailboxes: RFC 5321 4.1.2 `Mailbox`, with RFC 6531 3.3's characters. The one reader of addresses (attack A7). */
import { AT, QUOTE, isAsciiRange, isLonger } from './chars.js';
import { CLEAN, LONG, SYNTAX, endsInNumber, scanDomain } from './domain.js';
import { readHost } from './host.js';
import { endOfDotString, formatLocalPart, readQuotedString } from './local-part.js';
import type { Mailbox } from './types.js';

/** RFC 5321 4.5.3.1.1, in octets. */
const MAX_LOCAL = 64;
/** RFC 5321 4.5.3.1.3 has 256 octets for a path; its angle brackets are two of them. */
const MAX_ADDRESS = 254;

/** What is wrong with an address. */
export type Fault = typeof SYNTAX | typeof LONG;

/**
 * Reads a mailbox without angle brackets; undefined if it is none.
 *
 * `postmaster` alone is read too, so that every {@link Mailbox.address} can be read again; its host is undefined.
 */
export function parseMailbox(text: string): Mailbox | undefined {
  if (isLonger(text, 0, text.length, MAX_ADDRESS)) return undefined;
  const mailbox = readPostmaster(text) ?? readMailbox(text, 0, text.length);
  return typeof mailbox === 'object' ? mailbox : undefined;
}

/** RFC 5321 4.1.1.3: `postmaster` in any case, which needs no domain. */
export function readPostmaster(text: string): Mailbox | undefined {
  if (text.length !== 10 || text.toLowerCase() !== 'postmaster') return undefined;
  return { local: text, host: undefined, domain: '', address: text, utf8: false };
}

/** Reads a part of a text, whose length was checked, as a mailbox. */
export function readMailbox(text: string, start: number, end: number): Mailbox | Fault {
  if (text.charCodeAt(start) === QUOTE) return readQuoted(text, start, end);
  const found = endOfDotString(text, start, end);
  const at = Math.abs(found);
  if (found === 0 || at >= end || text.charCodeAt(at) !== AT) return SYNTAX;
  if (isLonger(text, start, at, MAX_LOCAL)) return LONG;
  const local = text.slice(start, at);
  const utf8 = found < 0;
  // Nearly every address takes this way: it is canonical as it is, and four slices are all that is made of it.
  if (scanDomain(text, at + 1, end, false) === CLEAN) {
    const domain = text.slice(at + 1, end);
    if (endsInNumber(domain)) return SYNTAX;
    return { local, host: { kind: 'domain', name: domain }, domain, address: text.slice(start, end), utf8 };
  }
  return withHost(local, local, utf8, text.slice(at + 1, end));
}

function readQuoted(text: string, start: number, end: number): Mailbox | Fault {
  const quoted = readQuotedString(text, start, end);
  if (quoted === undefined || quoted.end >= end || text.charCodeAt(quoted.end) !== AT) return SYNTAX;
  const local = quoted.value;
  const written = formatLocalPart(local);
  if (isLonger(written, 0, written.length, MAX_LOCAL)) return LONG;
  return withHost(local, written, !isAsciiRange(local, 0, local.length), text.slice(quoted.end + 1, end));
}

function withHost(local: string, written: string, utf8: boolean, text: string): Mailbox | Fault {
  const host = readHost(text, false);
  if (typeof host !== 'object') return host;
  const domain = host.name;
  if (host.kind === 'domain' && endsInNumber(domain)) return SYNTAX;
  const address = `${written}@${domain}`;
  // A-labels may be longer than the U-labels that were sent, and the address must fit into a path when it is sent on.
  if (isLonger(address, 0, address.length, MAX_ADDRESS)) return LONG;
  return { local, host, domain, address, utf8: utf8 || !isAsciiRange(text, 0, text.length) };
}
