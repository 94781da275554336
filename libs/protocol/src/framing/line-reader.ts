/**
 * Lines up to CRLF, one at a time, each byte looked at once (a slow sender does not make us look again).
 *
 * A line within one chunk is not copied. The part of a line that a chunk ends with is kept, up to the limit and never beyond (attack A13).
 */

const CR = 13;
const LF = 10;

/** What is wrong with a line. */
export type LineFault = 'too-long' | 'bare-newline' | 'control' | 'invalid-utf8';

/** How much of an over-long line is read and dropped before the connection is given up. */
const FLOOD = 64 * 1024;

/** `BDAT`, as a number. */
const BDAT = 0x42444154;
/** What differs between the cases of ASCII letters, in each of four. */
const LETTERS = 0xdfdfdfdf;

const EMPTY = new Uint8Array(0);

/** Makes a string of ASCII bytes. */
export type DecodeAscii = (bytes: Uint8Array, from: number, to: number) => string;

const latin1 = new TextDecoder('latin1');
const portable: DecodeAscii = (bytes, from, to) => latin1.decode(bytes.subarray(from, to));
// A byte order mark is no part of any command, and must not become one by being left out.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads lines. */
export class LineReader {
  /** Where to go on in the chunk. */
  at = 0;
  /** The fault of the line just read. */
  fault: LineFault | undefined = undefined;
  /** True if a line does not end within any reason. */
  flooding = false;
  /** True if the line just read is ASCII. */
  ascii = true;
  /** Octets of the line just read, its end included. */
  octets = 0;
  /** Of these, the octets of the line break. */
  ending = 0;

  /** The line is `[from, to)` of these: of the chunk, or of what was kept. */
  private line: Uint8Array = EMPTY;
  private from = 0;
  private to = 0;
  private kept: Uint8Array | undefined = undefined;
  private length = 0;
  /** The first four octets of a line that came in pieces or is faulty, as a number. */
  private start = 0;
  private carriage = false;
  private high = false;
  private bare = false;
  private control = false;

  constructor(
    private readonly acceptBareLf: boolean,
    private readonly decodeAscii: DecodeAscii = portable,
  ) {}

  /**
   * Reads on from `at`. True if a line is complete: then `fault`, `bytes()` and `text()` are its. A faulty line is complete too, and has been
   * read to its real end, so that nothing in it is ever taken for a command.
   */
  read(chunk: Uint8Array, at: number, limit: number): boolean {
    if (this.fault !== undefined) this.fault = undefined;
    const end = chunk.length;
    let { carriage } = this;
    for (let i = at; i < end; i++) {
      const byte = chunk[i] as number;
      if (byte >= 32 && byte < 127) {
        if (carriage) {
          this.bare = true;
          carriage = false;
        }
      } else if (byte === LF) {
        if (carriage || this.acceptBareLf) return this.complete(chunk, at, i, carriage, limit);
        this.bare = true;
      } else {
        if (carriage) this.bare = true;
        carriage = byte === CR;
        if (byte > 127) this.high = true;
        else if (!carriage) this.control = true;
      }
    }
    this.carriage = carriage;
    this.keep(chunk, at, end, limit);
    this.at = end;
    return false;
  }

  /** The line without its CRLF: a view. To be asked once, as the line is let go: an idle session must not keep a chunk. */
  bytes(): Uint8Array {
    const view = this.line.subarray(this.from, this.to);
    this.line = EMPTY;
    return view;
  }

  /** The line as text, or undefined if it is not UTF-8. To be asked once. */
  text(): string | undefined {
    if (this.ascii) {
      const text = this.decodeAscii(this.line, this.from, this.to);
      this.line = EMPTY;
      return text;
    }
    try {
      return utf8.decode(this.bytes());
    } catch {
      return undefined;
    }
  }

  /**
   * True if the line began with BDAT, whatever is wrong with it: counted octets follow it that are no commands (attack A3). To be asked before
   * `text()`.
   */
  counted(): boolean {
    const start = this.fault === undefined ? begin(0, 0, this.line, this.from, this.to) : this.start;
    return (start & LETTERS) >>> 0 === BDAT;
  }

  private complete(chunk: Uint8Array, from: number, lf: number, carriage: boolean, limit: number): boolean {
    const total = this.length + (lf - from) + 1;
    const ending = carriage ? 2 : 1;
    this.octets = total;
    this.ending = ending;
    if (total > limit) {
      this.fault = 'too-long';
      // A flood is one even if its end has come with it: what is said must not depend on how the bytes were split.
      if (total > limit + FLOOD) this.flooding = true;
    } else if (this.bare) this.fault = 'bare-newline';
    else if (this.control) this.fault = 'control';
    if (this.fault !== undefined) {
      this.start = begin(this.start, this.length, chunk, from, lf);
      this.hold(EMPTY, 0, 0);
    } else if (this.length === 0) this.hold(chunk, from, lf + 1 - ending);
    else {
      this.keep(chunk, from, lf + 1, limit);
      this.hold(this.kept as Uint8Array, 0, total - ending);
    }
    this.ascii = !this.high;
    this.length = 0;
    this.kept = undefined;
    this.carriage = false;
    this.high = false;
    this.bare = false;
    this.control = false;
    this.at = lf + 1;
    return true;
  }

  private hold(line: Uint8Array, from: number, to: number): void {
    this.line = line;
    this.from = from;
    this.to = to;
  }

  private keep(chunk: Uint8Array, from: number, to: number, limit: number): void {
    const total = this.length + (to - from);
    // What is too long is not kept, but for how it began.
    this.start = begin(this.start, this.length, chunk, from, to);
    if (total <= limit) {
      let { kept } = this;
      if (kept === undefined || kept.length < total) {
        const bigger = new Uint8Array(Math.min(limit, Math.max(64, total * 2)));
        if (kept !== undefined) bigger.set(kept.subarray(0, this.length));
        this.kept = kept = bigger;
      }
      kept.set(chunk.subarray(from, to), this.length);
    } else if (total > limit + FLOOD) {
      this.flooding = true;
    }
    this.length = total;
  }
}

/** The first four octets of a line as a number, of which `length` octets have come before. */
function begin(start: number, length: number, chunk: Uint8Array, from: number, to: number): number {
  let word = length === 0 ? 0 : start;
  for (let i = length, at = from; i < 4 && at < to; i++, at++) word = (word << 8) | (chunk[at] as number);
  return word;
}
