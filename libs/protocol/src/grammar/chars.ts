/**
 * Which characters may stand where: one table of classes for ASCII, one function for everything else. All parsers of this
 * folder decide by these, so nothing gets through that is not named here (attack A6).
 */

/** RFC 5321 4.1.2 `atext` (from RFC 5322 3.2.3). */
export const ATEXT = 1;
/** RFC 5321 4.1.2 `Let-dig`. */
export const LET_DIG = 2;
export const DIGIT = 4;
export const UPPER = 8;
/** RFC 5321 4.1.2 `qtextSMTP`: printable, space too, but neither `"` nor `\`. */
export const QTEXT = 16;
/** RFC 5321 4.1.2 `esmtp-value`: printable, but neither space nor `=`. */
export const VALUE = 32;
/** RFC 5321 4.1.3 `dcontent`: printable, but no space, no bracket and no `\`. */
export const DCONTENT = 64;
/** A hexadecimal digit in either case. */
export const HEX = 128;

export const SPACE = 0x20;
export const QUOTE = 0x22;
export const PLUS = 0x2b;
export const COMMA = 0x2c;
export const HYPHEN = 0x2d;
export const DOT = 0x2e;
export const COLON = 0x3a;
export const LESS = 0x3c;
export const EQUALS = 0x3d;
export const GREATER = 0x3e;
export const AT = 0x40;
export const OPEN = 0x5b;
export const BACKSLASH = 0x5c;
export const CLOSE = 0x5d;
export const UNDERSCORE = 0x5f;

const CLASSES = new Uint8Array(128);

function mark(bit: number, characters: string): void {
  for (let at = 0; at < characters.length; at++) {
    const code = characters.charCodeAt(at);
    CLASSES[code] = classOf(code) | bit;
  }
}

/** The classes of a UTF-16 code unit; 0 for everything outside ASCII, and for the NaN that lies behind a string's end. */
export function classOf(code: number): number {
  return code < 128 ? (CLASSES[code] ?? 0) : 0;
}

const UPPER_CASE = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const LOWER_CASE = 'abcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';
const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';
const PRINTABLE = UPPER_CASE + LOWER_CASE + DIGITS + PUNCTUATION;

function without(characters: string, excluded: string): string {
  return [...characters].filter((character) => !excluded.includes(character)).join('');
}

mark(ATEXT | LET_DIG | UPPER, UPPER_CASE);
mark(ATEXT | LET_DIG, LOWER_CASE);
mark(ATEXT | LET_DIG | DIGIT, DIGITS);
mark(ATEXT, "!#$%&'*+-/=?^_`{|}~");
mark(QTEXT, ` ${without(PRINTABLE, '"\\')}`);
mark(VALUE, without(PRINTABLE, '='));
mark(DCONTENT, without(PRINTABLE, '[\\]'));
mark(HEX, `${DIGITS}abcdefABCDEF`);

/** True if the text has no character above U+007F. */
export function isAscii(text: string): boolean {
  return isAsciiRange(text, 0, text.length);
}

/** {@link isAscii} for a part of a text, without cutting it out. */
export function isAsciiRange(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    if (text.charCodeAt(at) > 127) return false;
  }
  return true;
}

/**
 * How many code units the character at `at` has, whose code unit is above U+007F; 0 if no address and no parameter may
 * have it.
 *
 * RFC 6531 3.3 allows all of UTF-8. We leave out what can only do harm: half surrogates, the C1 controls, the line and
 * paragraph separators (a line break to many programs, attack A6), and U+FFFD to U+FFFF (which is what bytes that were no
 * UTF-8 become).
 */
export function wideUnits(text: string, at: number): 0 | 1 | 2 {
  const unit = text.charCodeAt(at);
  if (unit < 0xd800) return unit < 0xa0 || unit === 0x2028 || unit === 0x2029 ? 0 : 1;
  if (unit > 0xdfff) return unit < 0xfffd ? 1 : 0;
  if (unit > 0xdbff) return 0;
  const low = text.charCodeAt(at + 1);
  return low >= 0xdc00 && low <= 0xdfff ? 2 : 0;
}

/** True if every character is ASCII, or allowed by {@link wideUnits}. */
export function isWellFormed(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) < 128) continue;
    const units = wideUnits(text, at);
    if (units === 0) return false;
    at += units - 1;
  }
  return true;
}

/** True if the part of the text is longer than `limit` octets of UTF-8. Looks at no more than `limit` characters. */
export function isLonger(text: string, start: number, end: number, limit: number): boolean {
  const units = end - start;
  if (units > limit) return true;
  // No code unit needs more than three octets, so a short text, the common case, need not be counted.
  if (units * 3 <= limit) return false;
  let octets = units;
  for (let at = start; at < end; at++) {
    const unit = text.charCodeAt(at);
    // A surrogate pair has four octets in two units.
    if (unit > 127) octets += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
  }
  return octets > limit;
}
