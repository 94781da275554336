/** The arguments of MAIL and RCPT: RFC 5321 4.1.1.2, 4.1.1.3 and 4.1.2 `Path`. */
import { Reply, reply } from '../reply.js';
import {
  AT,
  BACKSLASH,
  CLOSE,
  COLON,
  COMMA,
  GREATER,
  LESS,
  OPEN,
  QUOTE,
  SPACE,
  isAsciiRange,
  isLonger,
} from './chars.js';
import { LONG, SYNTAX, canonicalDomain } from './domain.js';
import { type Fault, readMailbox, readPostmaster } from './mailbox.js';
import type { Mailbox, ReversePath } from './types.js';

/** RFC 5321 4.5.3.1.3, in octets, brackets and source route included. */
const MAX_PATH = 256;

const SAY_FROM = reply(501, '5.5.2', 'syntax: MAIL FROM:<address>');
const BAD_SENDER = reply(501, '5.1.7', 'bad sender address syntax');
const LONG_SENDER = reply(501, '5.1.7', 'sender address too long');
const SAY_TO = reply(501, '5.5.2', 'syntax: RCPT TO:<address>');
const BAD_RECIPIENT = reply(501, '5.1.3', 'bad recipient address syntax');
const LONG_RECIPIENT = reply(501, '5.1.3', 'recipient address too long');
const NO_SPACE = reply(501, '5.5.4', 'only a space may follow the address');

/** What MAIL says: who sends, and the rest of the line for {@link parseParameters}. */
export interface MailFrom {
  readonly path: ReversePath;
  readonly parameters: string;
}

/** What RCPT says: who receives, and the rest of the line for {@link parseParameters}. */
export interface RcptTo {
  readonly mailbox: Mailbox;
  readonly parameters: string;
}

/**
 * Reads what follows `MAIL `. Spaces behind the colon are overlooked, because real clients send them; a source route is
 * checked and dropped (RFC 5321 C).
 */
export function parseMailFrom(args: string): MailFrom | Reply {
  const open = openBracket(args, 'FROM:');
  if (open < 0) return SAY_FROM;
  const close = closeBracket(args, open + 1);
  if (close < 0) return BAD_SENDER;
  const path = close === open + 1 ? null : readPath(args, open, close);
  if (typeof path === 'number') return path === LONG ? LONG_SENDER : BAD_SENDER;
  const parameters = behind(args, close);
  return typeof parameters === 'string' ? { path, parameters } : parameters;
}

/** Reads what follows `RCPT `. `<Postmaster>` needs no domain (RFC 5321 4.1.1.3). Otherwise like {@link parseMailFrom}. */
export function parseRcptTo(args: string): RcptTo | Reply {
  const open = openBracket(args, 'TO:');
  if (open < 0) return SAY_TO;
  const close = closeBracket(args, open + 1);
  if (close < 0) return BAD_RECIPIENT;
  // `<postmaster>` is as long as this, and nothing else so long is looked at twice.
  const postmaster = close - open === 11 ? readPostmaster(args.slice(open + 1, close)) : undefined;
  const mailbox = postmaster ?? readPath(args, open, close);
  if (typeof mailbox === 'number') return mailbox === LONG ? LONG_RECIPIENT : BAD_RECIPIENT;
  const parameters = behind(args, close);
  return typeof parameters === 'string' ? { mailbox, parameters } : parameters;
}

/** The index of the `<` behind the keyword and spaces; -1 if something else is there. */
function openBracket(args: string, keyword: string): number {
  let at = keyword.length;
  if (!args.startsWith(keyword) && args.slice(0, at).toUpperCase() !== keyword) return -1;
  while (args.charCodeAt(at) === SPACE) at++;
  return args.charCodeAt(at) === LESS ? at : -1;
}

/**
 * The index of the `>` that ends the path; -1 if there is none. Knows just enough to skip one that is quoted or in an
 * address literal; whether these are right is decided by who reads the path.
 */
function closeBracket(args: string, start: number): number {
  // The common case, in three native searches: nothing is there in which a bracket could hide.
  if (!args.includes('"', start) && !args.includes('[', start)) return args.indexOf('>', start);
  let quoted = false;
  let literal = false;
  for (let at = start; at < args.length; at++) {
    const code = args.charCodeAt(at);
    if (quoted) {
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) quoted = false;
    } else if (literal) {
      if (code === CLOSE) literal = false;
    } else if (code === GREATER) {
      return at;
    } else if (code === QUOTE) {
      quoted = true;
    } else if (code === OPEN) {
      literal = true;
    }
  }
  return -1;
}

function readPath(args: string, open: number, close: number): Mailbox | Fault {
  if (isLonger(args, open, close + 1, MAX_PATH)) return LONG;
  if (args.charCodeAt(open + 1) !== AT) return readMailbox(args, open + 1, close);
  const start = behindRoute(args, open + 1, close);
  if (start < 0) return SYNTAX;
  const mailbox = readMailbox(args, start, close);
  if (typeof mailbox !== 'object' || mailbox.utf8 || isAsciiRange(args, open, start)) return mailbox;
  // The route is dropped, but to send it the client needed SMTPUTF8.
  return { ...mailbox, utf8: true };
}

/** The index behind a source route, `@a,@b:`; -1 if it is none. */
function behindRoute(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && text.charCodeAt(at) === AT) {
    const domain = at + 1;
    do at++;
    while (at < end && text.charCodeAt(at) !== COMMA && text.charCodeAt(at) !== COLON);
    if (at >= end || typeof canonicalDomain(text.slice(domain, at), false) !== 'string') return -1;
    at++;
    if (text.charCodeAt(at - 1) === COLON) return at;
  }
  return -1;
}

/** What follows the path without its leading space, or the reply to something else. */
function behind(args: string, close: number): string | Reply {
  if (close + 1 === args.length) return '';
  return args.charCodeAt(close + 1) === SPACE ? args.slice(close + 2) : NO_SPACE;
}
