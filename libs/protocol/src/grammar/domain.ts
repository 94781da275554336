/** Domains: RFC 5321 4.1.2, RFC 6531 3.3's U-labels, and RFC 5890's A-labels, in which they are kept and compared. */
import { toASCII } from 'tr46';
import { DIGIT, DOT, HEX, HYPHEN, LET_DIG, UNDERSCORE, UPPER, classOf, isLonger, isWellFormed } from './chars.js';

/** RFC 5321 4.5.3.1.2, in octets. */
export const MAX_DOMAIN = 255;
/** RFC 1035 2.3.4. */
const MAX_LABEL = 63;
const LETTER_X = 0x78;

/** A domain in ASCII and lower case: it is its own canonical form. */
export const CLEAN = 0;
/** A domain in ASCII with an upper-case letter. */
export const UPPER_CASE = 1;
/** There is a character outside ASCII; only UTS #46 can say whether it is a domain. */
export const WIDE = 2;
/** No domain. */
export const SYNTAX = 3;
/** The domain or a label of it is too long. */
export const LONG = 4;
export type Scan = typeof CLEAN | typeof UPPER_CASE | typeof WIDE | typeof SYNTAX | typeof LONG;

/**
 * Reads a part of a text as RFC 5321 4.1.2 `Domain`, in one pass and without making anything.
 * @param underscores true to let `_` stand where a letter may.
 */
export function scanDomain(text: string, start: number, end: number, underscores: boolean): Scan {
  if (end - start > MAX_DOMAIN) return LONG;
  let found: Scan = CLEAN;
  let label = start;
  let last = DOT;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    const bits = classOf(code);
    if ((bits & LET_DIG) !== 0) {
      if ((bits & UPPER) !== 0) found = UPPER_CASE;
    } else if (code === DOT) {
      if (last === DOT || last === HYPHEN) return SYNTAX;
      if (at - label > MAX_LABEL) return LONG;
      label = at + 1;
    } else if (code > 127) {
      return WIDE;
    } else if (code === HYPHEN ? last === DOT : !(underscores && code === UNDERSCORE)) {
      return SYNTAX;
    }
    last = code;
  }
  if (last === DOT || last === HYPHEN) return SYNTAX;
  return end - label > MAX_LABEL ? LONG : found;
}

/**
 * A domain in its canonical form: lower case, U-labels as A-labels (RFC 5890, by UTS #46); undefined if it is none.
 *
 * A domain in ASCII is judged as ASCII alone, so `xn--` with rubbish behind it stays what it is: a name that nobody can
 * have registered. What UTS #46 makes of other characters is read again by the ASCII grammar, because its mapping knows
 * full-width dots, digits and signs.
 */
export function toAsciiDomain(domain: string): string | undefined {
  const canonical = canonicalDomain(domain, false);
  return typeof canonical === 'string' ? canonical : undefined;
}

/** {@link toAsciiDomain} that says what is wrong. */
export function canonicalDomain(domain: string, underscores: boolean): string | typeof SYNTAX | typeof LONG {
  const found = scanDomain(domain, 0, domain.length, underscores);
  if (found === CLEAN) return domain;
  if (found === UPPER_CASE) return domain.toLowerCase();
  if (found !== WIDE) return found;
  // tr46 is not linear for every text, so it gets a short one only (attack A8).
  if (isLonger(domain, 0, domain.length, MAX_DOMAIN)) return LONG;
  if (!isWellFormed(domain)) return SYNTAX;
  const ascii = toASCII(domain, { checkBidi: true, checkHyphens: true, checkJoiners: true });
  if (ascii === null) return SYNTAX;
  const again = scanDomain(ascii, 0, ascii.length, false);
  return again === CLEAN ? ascii : again === LONG ? LONG : SYNTAX;
}

/**
 * True if the last label is a number, decimal or hexadecimal: RFC 3696 2 has no such top-level domain, but system resolvers
 * take `127.1` and `0x7f000001` for an address of this host.
 */
export function endsInNumber(domain: string): boolean {
  // Most domains end in a letter that no number has.
  const last = domain.charCodeAt(domain.length - 1);
  if ((classOf(last) & HEX) === 0 && last !== LETTER_X) return false;
  let at = domain.lastIndexOf('.') + 1;
  if ((classOf(domain.charCodeAt(at)) & DIGIT) === 0) return false;
  let digit = DIGIT;
  if (domain.startsWith('0x', at)) {
    digit = HEX;
    at += 2;
  }
  for (; at < domain.length; at++) {
    if ((classOf(domain.charCodeAt(at)) & digit) === 0) return false;
  }
  return true;
}
