/**
 * What a server reads on a connection, slowly and obviously: all the bytes at once. Says the same events as the driver of the real thing
 * (targets/framing.ts), so that the two can be compared line by line.
 */
import { readChunks, readData } from './mail-data.js';

/** How bytes are read; see ServerProtocolOptions. */
export interface Reading {
  readonly commandLine: number;
  /** Of AUTH, whose initial response may be longer. */
  readonly authLine?: number;
  readonly textLine: number;
  readonly bareNewlines: 'reject' | 'normalize' | 'accept';
}

/** What comes next on the connection. The script of these tests: words in the input say it, so that the input decides everything. */
export type Next =
  | { readonly mode: 'command' }
  | { readonly mode: 'line'; readonly limit: number }
  | { readonly mode: 'data' }
  | { readonly mode: 'chunk'; readonly octets: number; readonly binary: boolean; readonly last: boolean }
  | { readonly mode: 'reset' };

/** `DATA`, `BDAT 5`, `BDAT 5 LAST`, `BDATBIN 5`, `LINE 20`, `RSET`; anything else is a command like others. */
export function nextAfter(verb: string, args: string): Next {
  if (verb === 'DATA') return { mode: 'data' };
  if (verb === 'RSET') return { mode: 'reset' };
  const number = /^(\d{1,6})(?: (LAST))?$/.exec(args);
  if (number === null) return { mode: 'command' };
  const octets = Number(number[1]);
  if (verb === 'BDAT' || verb === 'BDATBIN') {
    return { mode: 'chunk', octets, binary: verb === 'BDATBIN', last: number[2] !== undefined };
  }
  return verb === 'LINE' ? { mode: 'line', limit: octets } : { mode: 'command' };
}

/** Octets beyond the limit that a line may have before the connection is given up. */
const FLOOD = 64 * 1024;
const HTTP = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'PRI']);

/** Mail data as it must come out; `complete` is false if its end has not come. */
export interface ExpectedBody {
  readonly body: string;
  readonly faulty: boolean;
  readonly complete: boolean;
}

export type ExpectedEvent = string | ExpectedBody;

/** Every event that there must be, in order. */
export function eventsOf(bytes: Uint8Array, reading: Reading): readonly ExpectedEvent[] {
  const events: ExpectedEvent[] = [];
  let rest = Buffer.from(bytes).toString('latin1');
  let next: Next = { mode: 'command' };
  const commandLimit = Math.max(reading.commandLine, reading.authLine ?? 0);
  let lineLimit = commandLimit;
  /** What the chunks of one message had so far; undefined between messages. */
  let chunks: string | undefined;
  const normalize = reading.bareNewlines !== 'reject';
  /** Lines so far that may be those of a binary PROXY header. */
  let preamble = 0;
  if (rest.startsWith('\x16')) return ['violation foreign-protocol, fatal'];
  for (;;) {
    if (next.mode === 'data') {
      chunks = undefined;
      const data = readData(rest, normalize, reading.textLine);
      const complete = data.used !== undefined;
      events.push({ body: data.body, faulty: data.faulty, complete });
      if (!complete) return events;
      rest = rest.slice(data.used);
      next = { mode: 'command' };
      lineLimit = commandLimit;
      continue;
    }
    if (next.mode === 'chunk') {
      const { octets, binary, last } = next;
      const piece = rest.slice(0, octets);
      const complete = piece.length === octets;
      rest = rest.slice(octets);
      if (binary) {
        chunks = undefined;
        events.push({ body: piece, faulty: false, complete });
      } else {
        const before = chunks ?? '';
        chunks = before + piece;
        const all = readChunks(chunks, complete && last, normalize, reading.textLine);
        const already = before === '' ? 0 : readChunks(before, false, normalize, reading.textLine).body.length;
        events.push({ body: all.body.slice(already), faulty: all.faulty, complete });
        if (last) chunks = undefined;
      }
      if (!complete) return events;
      next = { mode: 'command' };
      lineLimit = commandLimit;
      continue;
    }
    const end = rest.indexOf(reading.bareNewlines === 'accept' ? '\n' : '\r\n');
    if (end === -1) {
      if (rest.length > lineLimit + FLOOD) events.push('violation flood, fatal');
      return events;
    }
    const width = reading.bareNewlines === 'accept' ? 1 : 2;
    const whole = rest.slice(0, end + width);
    rest = rest.slice(end + width);
    if (whole.length > lineLimit + FLOOD) return [...events, 'violation flood, fatal'];
    const line = whole.replace(/\r?\n$/, '');
    if (preamble < 2) preamble = whole === '\r\n' ? preamble + 1 : 3;
    else if (preamble === 2 && whole === '\0\r\n') return [...events, 'violation foreign-protocol, fatal'];
    else preamble = 3;
    const fault = faultOf(line, whole.length, lineLimit);
    const counted = next.mode === 'command' && /^bdat/i.test(line);
    if (fault !== undefined) {
      if (counted) return [...events, `violation ${fault}, fatal`];
      events.push(`violation ${fault}`);
      continue;
    }
    if (next.mode === 'line') {
      events.push(`line ${JSON.stringify(line)}`);
      next = { mode: 'command' };
      lineLimit = commandLimit;
      continue;
    }
    const text = utf8(line);
    if (text === undefined) {
      if (counted) return [...events, 'violation invalid-utf8, fatal'];
      events.push('violation invalid-utf8');
      continue;
    }
    const [verb, args] = command(text);
    if (whole.length > reading.commandLine && !/^auth /i.test(text)) {
      if (counted) return [...events, 'violation too-long, fatal'];
      events.push('violation too-long');
      continue;
    }
    const proxy = verb === 'PROXY' && /^(?:TCP4|TCP6|UNKNOWN)(?!\w)/.test(args);
    if (proxy || (HTTP.has(verb) && / HTTP\/\d/.test(args))) return [...events, 'violation foreign-protocol, fatal'];
    events.push(`command ${JSON.stringify([verb, args])}`);
    next = nextAfter(verb, args);
    if (next.mode === 'line') lineLimit = next.limit;
    if (next.mode === 'reset') {
      chunks = undefined;
      next = { mode: 'command' };
    }
  }
}

function faultOf(line: string, length: number, limit: number): string | undefined {
  if (length > limit) return 'too-long';
  if (/[\r\n]/.test(line)) return 'bare-newline';
  // oxlint-disable-next-line no-control-regex
  return /[\x00-\x1f\x7f]/.test(line) ? 'control' : undefined;
}

function utf8(line: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(line, 'latin1'));
  } catch {
    return undefined;
  }
}

/** The verb, in upper case if it is ASCII, and what follows it, without the spaces around. */
function command(text: string): readonly [verb: string, args: string] {
  const trimmed = text.replace(/ +$/, '');
  const space = trimmed.indexOf(' ');
  const verb = space === -1 ? trimmed : trimmed.slice(0, space);
  const args = space === -1 ? '' : trimmed.slice(space).replace(/^ +/, '');
  return [/^[\0-\x7f]*$/.test(verb) ? verb.toUpperCase() : verb, args];
}
