/** Local parts: dot-string and quoted-string (RFC 5321 4.1.2, with RFC 6531 3.3's characters), and back. */
import { ATEXT, BACKSLASH, DOT, QTEXT, QUOTE, classOf, wideUnits } from './chars.js';

/**
 * Where the dot-string that begins at `start` ends; 0 if none begins there, or a dot is at its end or behind a dot.
 * Negative if it has a character outside ASCII: `-7` says that it ends at 7. So one pass answers both questions.
 */
export function endOfDotString(text: string, start: number, end: number): number {
  let last = DOT;
  let sign = 1;
  let at = start;
  for (; at < end; at++) {
    const code = text.charCodeAt(at);
    if ((classOf(code) & ATEXT) === 0) {
      if (code === DOT) {
        if (last === DOT) return 0;
      } else if (code > 127) {
        const units = wideUnits(text, at);
        if (units === 0) return 0;
        at += units - 1;
        sign = -1;
      } else {
        break;
      }
    }
    last = code;
  }
  return last === DOT ? 0 : sign * at;
}

/** A quoted-string that was read: what it means, and the index behind its closing quote. */
export interface QuotedString {
  readonly value: string;
  readonly end: number;
}

/** Reads the quoted-string whose opening quote is at `start`; undefined if it is none. */
export function readQuotedString(text: string, start: number, end: number): QuotedString | undefined {
  let value = '';
  // Pieces without a backslash are cut out in one.
  let piece = start + 1;
  for (let at = piece; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return { value: value + text.slice(piece, at), end: at + 1 };
    if (code === BACKSLASH) {
      // `quoted-pairSMTP` has printable ASCII only, so a control character cannot hide behind a backslash (attack A6).
      const next = text.charCodeAt(at + 1);
      if (next < 0x20 || next > 0x7e) return undefined;
      value += text.slice(piece, at);
      at++;
      piece = at;
    } else if (code > 127) {
      const units = wideUnits(text, at);
      if (units === 0) return undefined;
      at += units - 1;
    } else if ((classOf(code) & QTEXT) === 0) {
      return undefined;
    }
  }
  return undefined;
}

/** A local part as it is written: quoted only if it is no dot-string. */
export function formatLocalPart(local: string): string {
  if (local.length > 0 && Math.abs(endOfDotString(local, 0, local.length)) === local.length) return local;
  let quoted = '"';
  let piece = 0;
  for (let at = 0; at < local.length; at++) {
    const code = local.charCodeAt(at);
    if (code === QUOTE || code === BACKSLASH) {
      quoted += `${local.slice(piece, at)}\\`;
      piece = at;
    }
  }
  return `${quoted}${local.slice(piece)}"`;
}
