/** ESMTP parameters: RFC 5321 4.1.2 `Mail-parameters` and `Rcpt-parameters`, with RFC 6531 3.3's characters. */
import { Reply, reply } from '../reply.js';
import { EQUALS, HYPHEN, LET_DIG, SPACE, VALUE, classOf, wideUnits } from './chars.js';
import type { Parameter } from './types.js';

/** More than all known extensions define. Keeps the search for duplicates short, however long the line (attack A8). */
const MAX_PARAMETERS = 32;

const BAD_SYNTAX = reply(501, '5.5.4', 'bad parameter syntax');
const TWICE = reply(501, '5.5.4', 'a parameter was given twice');
const TOO_MANY = reply(501, '5.5.4', 'too many parameters');
const NONE: readonly Parameter[] = Object.freeze([]);

/** Reads parameters separated by spaces; keywords come out in upper case. */
export function parseParameters(text: string): readonly Parameter[] | Reply {
  if (text.length === 0) return NONE;
  const parameters: Parameter[] = [];
  const end = text.length;
  let at = 0;
  while (at < end) {
    if (text.charCodeAt(at) === SPACE) {
      at++;
      continue;
    }
    const start = at;
    at = endOfKeyword(text, start);
    if (at < 0) return BAD_SYNTAX;
    const keyword = text.slice(start, at).toUpperCase();
    let value: string | undefined;
    if (text.charCodeAt(at) === EQUALS) {
      const from = at + 1;
      at = endOfValue(text, from);
      if (at <= from) return BAD_SYNTAX;
      value = text.slice(from, at);
    }
    if (at < end && text.charCodeAt(at) !== SPACE) return BAD_SYNTAX;
    if (parameters.some((parameter) => parameter.keyword === keyword)) return TWICE;
    if (parameters.length === MAX_PARAMETERS) return TOO_MANY;
    parameters.push({ keyword, value });
  }
  return parameters;
}

/** `esmtp-keyword`: letters, digits and, but not first, hyphens. -1 if there is none. */
function endOfKeyword(text: string, start: number): number {
  if ((classOf(text.charCodeAt(start)) & LET_DIG) === 0) return -1;
  let at = start + 1;
  for (;;) {
    const code = text.charCodeAt(at);
    if ((classOf(code) & LET_DIG) === 0 && code !== HYPHEN) return at;
    at++;
  }
}

/** `esmtp-value`; -1 if there is a character above U+007F that may not be sent. */
function endOfValue(text: string, start: number): number {
  let at = start;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 127) {
      const units = wideUnits(text, at);
      if (units === 0) return -1;
      at += units - 1;
    } else if ((classOf(code) & VALUE) === 0) {
      break;
    }
  }
  return at;
}
