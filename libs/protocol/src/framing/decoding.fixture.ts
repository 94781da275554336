/** For specs of mail data: hostile bytes, ways to cut them, and what is meant by them, said in the simplest way there is. */
import fc from 'fast-check';
import type { DataDecoder } from './data-decoder.js';

/** What a message as sent means. */
export interface Meaning {
  /** The message, or what of it comes before its fault. */
  readonly text: string;
  readonly faulty: boolean;
  /** Octets up to and including the end of data; undefined if it does not end. */
  readonly consumed: number | undefined;
}

/** What a decoder made of it. */
export interface Decoded {
  readonly text: string;
  readonly fault: string | undefined;
  readonly consumed: number | undefined;
  readonly dropped: number;
}

/** Where dot-terminated data ends: CRLF "." CRLF as sent; the data begin as if behind a CRLF. */
export function endOfData(sent: string): number {
  return `\r\n${sent}`.indexOf('\r\n.\r\n');
}

/** The strict meaning: what holds a bare CR or LF, or too long a line, is faulty; a dot at the start of a line is dropped. */
export function strictMeaning(sent: string, dots: boolean, maxLine: number): Meaning {
  const end = dots ? endOfData(sent) : sent.length;
  if (end === -1) return { text: '', faulty: false, consumed: undefined };
  const lines = sent.slice(0, end).split('\r\n');
  const meant = dots ? lines.map((line) => (line.startsWith('.') ? line.slice(1) : line)) : lines;
  const last = meant.length - 1;
  const long = (line: string, i: number) => maxLine > 0 && line.length + (i < last ? 2 : 0) > maxLine;
  return {
    text: meant.join('\r\n'),
    faulty: meant.some((line, i) => /[\r\n]/.test(line) || long(line, i)),
    consumed: dots ? end + 3 : sent.length,
  };
}

/** The repaired meaning: bare CR and LF are line breaks too, and what is then a dot alone on its line is content. */
export function repairedMeaning(sent: string, dots: boolean, maxLine: number): Meaning {
  const end = dots ? endOfData(sent) : sent.length;
  if (end === -1) return { text: '', faulty: false, consumed: undefined };
  const lines = sent.slice(0, end).split(/\r\n|\r|\n/);
  const meant = dots ? lines.map((line) => (line.length > 1 && line.startsWith('.') ? line.slice(1) : line)) : lines;
  const last = meant.length - 1;
  const long = (line: string, i: number) => maxLine > 0 && line.length + (i < last ? 2 : 0) > maxLine;
  // A CR that ends counted data cannot be repaired any more.
  const unfinished = !dots && sent.endsWith('\r');
  return {
    text: meant.join('\r\n'),
    faulty: meant.some(long) || unfinished,
    consumed: dots ? end + 3 : sent.length,
  };
}

/** Feeds a decoder the chunks, as the protocol does. */
export function decodeAll(decoder: DataDecoder, chunks: readonly Uint8Array[], dots: boolean): Decoded {
  const slices: Uint8Array[] = [];
  let consumed = 0;
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length && !decoder.ended; at = decoder.at) {
      decoder.decode(chunk, at);
      // A view is good until the next chunk; a copy here, so that a slice given too early would show.
      if (decoder.slice !== undefined) slices.push(Uint8Array.from(decoder.slice));
    }
    consumed += decoder.ended ? decoder.at : chunk.length;
    if (decoder.ended) break;
  }
  if (!dots) decoder.finish();
  const { fault, dropped } = decoder;
  const text = Buffer.concat(slices).toString('latin1');
  return { text, fault, consumed: dots && !decoder.ended ? undefined : consumed, dropped };
}

/** Cuts bytes: `cuts` are where, as parts of the whole. */
export function cut(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const at = [...new Set(cuts.map((part) => Math.floor(part * bytes.length)))].sort((a, b) => a - b);
  const edges = [0, ...at.filter((place) => place > 0 && place < bytes.length), bytes.length];
  return edges.slice(1).map((end, i) => bytes.subarray(edges[i], end));
}

/** Every byte alone. */
export function byteByByte(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
}

/** Where to cut. */
export const cuts: fc.Arbitrary<number[]> = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 });

/** Text of CR, LF, dots and others: short, so that every combination comes. */
export const shortHostile: fc.Arbitrary<string> = fc
  .array(fc.constantFrom('\r', '\n', '.', 'x', '\r\n', '\r\n.', '\r\n.\r\n'), { maxLength: 25 })
  .map((parts) => parts.join(''));

/** The same with long lines in between, so that the scanner has its share. */
export const longHostile: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom('\r\n', '\r\n.', '\r\n..', '\r\n.\r', '\r\n.x\r\n'),
      fc.constantFrom('\r', '\n', '.', '\r\n.\n', '\n.\r\n'),
      fc.nat(200).map((n) => 'x'.repeat(n)),
    ),
    { maxLength: 20 },
  )
  .map((parts) => parts.join(''));

/** Clean mail data with long lines and dots. */
export const cleanText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom('', '..', '.x', 'x.', '...'),
      fc.nat(200).map((n) => 'x'.repeat(n)),
    ),
    {
      maxLength: 20,
    },
  )
  .map((lines) => lines.map((line) => `${line}\r\n`).join(''));
