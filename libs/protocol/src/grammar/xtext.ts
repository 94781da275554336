/** xtext (RFC 3461 4) and its relative for addresses in UTF-8 (RFC 6533 3). */
import { BACKSLASH, EQUALS, HEX, PLUS, SPACE, VALUE, classOf, wideUnits } from './chars.js';

/**
 * Decodes xtext; undefined if it is none, or if something else than printable ASCII and spaces comes out: RFC 3461 4.2 and
 * 4.4 and RFC 4954 5 want nothing else, and `+0D+0A` would be a line break in a report's header (attack A6).
 */
export function decodeXtext(text: string): string | undefined {
  let value = '';
  let piece = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code !== PLUS) {
      if ((classOf(code) & VALUE) === 0) return undefined;
      continue;
    }
    const octet = upperHex(text.charCodeAt(at + 1)) * 16 + upperHex(text.charCodeAt(at + 2));
    // NaN, from something that is no digit, fails this too.
    if (!(octet >= 0x20 && octet <= 0x7e)) return undefined;
    value += text.slice(piece, at) + String.fromCharCode(octet);
    at += 2;
    piece = at + 1;
  }
  return piece === 0 ? text : value + text.slice(piece);
}

/** The value of `hexchar`'s digits, which are in upper case; NaN for anything else. */
function upperHex(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  return code >= 0x41 && code <= 0x46 ? code - 0x37 : Number.NaN;
}

/**
 * Encodes a text as xtext. Total: a character outside printable ASCII becomes the octets of its UTF-8, half a surrogate
 * pair those of U+FFFD. {@link decodeXtext} gives back printable ASCII and spaces, and refuses the rest.
 */
export function encodeXtext(text: string): string {
  let encoded = '';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    encoded += (classOf(code) & VALUE) !== 0 && code !== PLUS ? character : encodeCharacter(code);
  }
  return encoded;
}

function encodeCharacter(code: number): string {
  if (code < 0x80) return hexchar(code);
  if (code < 0x800) return hexchar(0xc0 | (code >> 6)) + tail(code);
  if (code >= 0xd800 && code <= 0xdfff) return '+EF+BF+BD';
  if (code < 0x10000) return hexchar(0xe0 | (code >> 12)) + tail(code >> 6) + tail(code);
  return hexchar(0xf0 | (code >> 18)) + tail(code >> 12) + tail(code >> 6) + tail(code);
}

function tail(bits: number): string {
  return hexchar(0x80 | (bits & 0x3f));
}

function hexchar(octet: number): string {
  return `+${octet < 16 ? '0' : ''}${octet.toString(16).toUpperCase()}`;
}

/**
 * Decodes `utf-8-addr-xtext` and `utf-8-addr-unitext`, an address in ORCPT behind `utf-8;`; undefined if it is neither.
 *
 * `\x{E9}` stands for a character, which must be one that an address may have: no control, no half surrogate, and of ASCII
 * only the four that cannot stand for themselves, so that an address has one encoding.
 */
export function decodeUtf8AddressXtext(text: string): string | undefined {
  if (text.length === 0) return undefined;
  let value = '';
  let piece = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) {
      const close = endOfPoint(text, at);
      if (close < 0) return undefined;
      const character = embedded(text.slice(at + 3, close));
      if (character === undefined) return undefined;
      value += text.slice(piece, at) + character;
      at = close;
      piece = at + 1;
    } else if (code > 127) {
      const units = wideUnits(text, at);
      if (units === 0) return undefined;
      at += units - 1;
    } else if ((classOf(code) & VALUE) === 0 || code === PLUS) {
      return undefined;
    }
  }
  return piece === 0 ? text : value + text.slice(piece);
}

/** The index of the `}` that ends `\x{...}`, two to six digits; -1 if there is no such thing at `start`. */
function endOfPoint(text: string, start: number): number {
  if (!text.startsWith('\\x{', start)) return -1;
  let at = start + 3;
  while (at < start + 10 && (classOf(text.charCodeAt(at)) & HEX) !== 0) at++;
  const digits = at - start - 3;
  return digits >= 2 && digits <= 6 && text.charCodeAt(at) === 0x7d ? at : -1;
}

/** `HEXPOINT`, without leading zeros. */
function embedded(digits: string): string | undefined {
  const point = Number.parseInt(digits, 16);
  if (digits.startsWith('0') || point > 0x10ffff) return undefined;
  const character = String.fromCodePoint(point);
  if (point < 0x80) {
    return point === SPACE || point === PLUS || point === EQUALS || point === BACKSLASH ? character : undefined;
  }
  return wideUnits(character, 0) === 0 ? undefined : character;
}
