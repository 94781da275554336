/**
 * A session as seen from outside, slowly and obviously: what the client sent, taken apart by what the server answered. Whoever sends a command
 * hears one reply; whoever hears 354 sends data. A server that takes an octet of a message for a command, or the other way round, answers too
 * often or too rarely, or delivers something else (attacks A1 and A3).
 */
import { isUtf8 } from 'node:buffer';
import { readData } from './mail-data.js';

/** What must be true of the session. */
export interface ModelSession {
  /** Replies that must have come, the greeting among them. */
  readonly replies: number;
  /** Messages that were answered 250, in order. */
  readonly messages: readonly string[];
}

/** Octets at which a line is endless: the longest that there may be is one of AUTH (RFC 4954 4). */
const FLOOD = 12_288 + 64 * 1024;

/**
 * @param text what the client sent before it ended its side, in latin1.
 * @param codes replies as they came: the greeting first.
 */
export function readSession(text: string, codes: readonly number[], commandLine: number): ModelSession {
  const messages: string[] = [];
  let rest = text;
  let heard = 1;
  /** The chunks of the message that is under way. */
  let chunks = '';
  const ended = (replies: number): ModelSession => ({ replies, messages });
  // TLS, or a binary PROXY header, where nobody asked for it.
  if (rest.startsWith('\x16')) return ended(2);
  if (rest.startsWith('\r\n\r\n\0\r\n')) return ended(4);
  while (!isLast(codes[heard - 1])) {
    const end = rest.indexOf('\r\n');
    // A line without an end is answered only if it is endless.
    if (end === -1) return ended(rest.length > FLOOD ? heard + 1 : heard);
    const line = rest.slice(0, end);
    rest = rest.slice(end + 2);
    if ((!isFaulty(line, commandLine) && isForeign(line)) || line.length + 2 > FLOOD) return ended(heard + 1);
    if (/^bdat/i.test(line) && (/^bdat(?: |$)/i.test(line) || isFaulty(line, commandLine))) {
      const octets = countOf(line, commandLine);
      // It is not clear what follows: one reply, and the end.
      if (octets === undefined) return ended(heard + 1);
      if (rest.length < octets) return ended(heard);
      const chunk = rest.slice(0, octets);
      rest = rest.slice(octets);
      const code = codes[heard++];
      chunks = code === 250 ? chunks + chunk : '';
      if (code === 250 && /last *$/i.test(line)) {
        messages.push(chunks);
        chunks = '';
      }
      continue;
    }
    const code = codes[heard++];
    if (code === 334) {
      let answered: number | undefined = code;
      while (answered === 334) {
        const answer = rest.indexOf('\r\n');
        if (answer === -1) return ended(heard);
        rest = rest.slice(answer + 2);
        answered = codes[heard++];
      }
    } else if (code === 354) {
      const { used, body } = readData(rest, false, 0);
      if (used === undefined) return ended(heard);
      rest = rest.slice(used);
      if (codes[heard++] === 250) messages.push(body);
    } else if (/^(?:rset|ehlo|helo)/i.test(line) && code === 250) {
      chunks = '';
    }
  }
  // Whatever is left was sent to somebody who had gone.
  return ended(heard);
}

/** After these the server says nothing more; nor where a reply is missing. */
function isLast(code: number | undefined): boolean {
  return code === undefined || code === 221 || code === 421;
}

function countOf(line: string, commandLine: number): number | undefined {
  const count = Number(/^bdat +(\d+)(?: +last)? *$/i.exec(line)?.[1]);
  return line.length + 2 <= commandLine && count <= Number.MAX_SAFE_INTEGER ? count : undefined;
}

function isFaulty(line: string, commandLine: number): boolean {
  // oxlint-disable-next-line no-control-regex
  return line.length + 2 > commandLine || /[\x00-\x1f\x7f]/.test(line) || !isUtf8(Buffer.from(line, 'latin1'));
}

function isForeign(line: string): boolean {
  const [, verb = '', args = ''] = /^([A-Za-z]+) +(.*)$/.exec(line) ?? [];
  if (/^proxy$/i.test(verb)) return /^(?:TCP4|TCP6|UNKNOWN)(?!\w)/.test(args);
  return /^(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PRI)$/i.test(verb) && / HTTP\/\d/.test(args);
}
