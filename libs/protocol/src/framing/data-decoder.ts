/**
 * Mail data on its way in, strictly: lines end at CRLF, the data ends at CRLF "." CRLF and nowhere else (RFC 5321 4.1.1.4, attack A1).
 *
 * Fed with chunks as they came from the network, it yields views of them. It never copies, joins or rescans: what it must remember between two
 * chunks is one of six states. The same rules, without the dots, hold for counted data that is not BINARYMIME (RFC 3030).
 */
import { findBreak, forget } from './scan.js';

const CR = 13;
const LF = 10;
const DOT = 46;

/** What is wrong with mail data. */
export type DataFault = 'bare-cr' | 'bare-lf' | 'line-too-long';

/** Turns mail data as sent into mail data as meant, a slice at a time. */
export interface DataDecoder {
  /**
   * Looks at `bytes` from `at` until there is a slice to give, a fault, the end of the data, or nothing left. Sets the fields below.
   */
  decode(bytes: Uint8Array, at: number): void;
  /** Where to go on in `bytes`. */
  readonly at: number;
  /** A slice of the message, or undefined. Who takes it sets it to undefined: a decoder that waits must not keep the chunk alive. */
  slice: Uint8Array | undefined;
  /** True once the end of data was seen. */
  readonly ended: boolean;
  /** The first fault; once set no more slices come, and only the end is looked for. */
  readonly fault: DataFault | undefined;
  /** Octets that a fault has kept from being given: who reads them away may want to stop some time. */
  readonly dropped: number;
  /** Counted data has come to its end: what was pending is decided. */
  finish(): void;
}

/** Where the last byte left us. */
const enum State {
  /** After CRLF, or at the very beginning. */
  LineStart,
  InLine,
  /** After a CR that may be followed by LF. */
  Cr,
  /** After CRLF ".". */
  Dot,
  /** After CRLF "." CR. */
  DotCr,
}

/** Bare CR and LF are faults. */
export class StrictDataDecoder implements DataDecoder {
  at = 0;
  slice: Uint8Array | undefined = undefined;
  ended = false;
  fault: DataFault | undefined = undefined;
  dropped = 0;
  private state: State = State.LineStart;
  private lineLength = 0;

  /**
   * @param dots true for DATA, false for BDAT.
   * @param maxLine octets of a line, CRLF included; 0 for no limit.
   */
  constructor(
    private readonly dots: boolean,
    private readonly maxLine: number,
  ) {}

  decode(bytes: Uint8Array, at: number): void {
    this.slice = undefined;
    const end = bytes.length;
    let from = at;
    let i = at;
    // What is between two chunks, or behind a slice, is decided byte by byte…
    while (i < end && this.state !== State.InLine) {
      const byte = bytes[i];
      switch (this.state) {
        case State.LineStart:
          if (byte === DOT && this.dots) {
            this.state = State.Dot;
            from = ++i;
          } else {
            this.state = State.InLine;
          }
          break;
        case State.Cr:
          if (byte === LF) {
            this.endLine(2);
            this.state = State.LineStart;
            i++;
            // A dot behind this CRLF cuts the slice: what came before it must be given first.
            if (this.dots && i < end && bytes[i] === DOT) return this.give(bytes, from, i, i);
          } else {
            this.fail('bare-cr');
            this.state = State.InLine;
          }
          break;
        case State.Dot:
          if (byte === CR) {
            this.state = State.DotCr;
            from = ++i;
          } else {
            this.state = State.InLine; // A stuffed dot: dropped (RFC 5321 4.5.2).
          }
          break;
        case State.DotCr:
          if (byte === LF) {
            this.ended = true;
            this.at = i + 1;
            forget();
            return;
          }
          this.fail('bare-cr');
          this.state = State.InLine;
          break;
      }
    }
    // …and the inside of lines at once.
    while (i < end) {
      const stop = this.findBreak(bytes, i, end);
      if (stop === end) {
        i = end;
        this.state = bytes[end - 1] === LF ? State.LineStart : State.InLine;
        break;
      }
      if (bytes[stop] === LF) {
        this.fail('bare-lf');
        i = stop + 1;
      } else if (stop + 1 === end) {
        this.state = State.Cr;
        i = end;
      } else if (bytes[stop + 1] !== LF) {
        this.fail('bare-cr');
        i = stop + 1;
      } else {
        // CRLF and a dot: the slice ends here, and the dot is for the states above.
        this.state = State.LineStart;
        return this.give(bytes, from, stop + 2, stop + 2);
      }
    }
    this.give(bytes, from, end, end);
    forget();
  }

  finish(): void {
    if (this.state === State.Cr) this.fail('bare-cr');
  }

  private findBreak(bytes: Uint8Array, from: number, end: number): number {
    if (this.fault !== undefined) return this.dots ? findEnd(bytes, from, end) : end;
    const stop = findBreak(bytes, from, end, this.dots);
    if (this.maxLine !== 0) this.measure(bytes, from, stop);
    return stop;
  }

  /** Line lengths: only where long lines are refused, as it is a second look at every line. */
  private measure(bytes: Uint8Array, from: number, stop: number): void {
    let start = from;
    for (let lf = bytes.indexOf(LF, start); lf !== -1 && lf < stop; lf = bytes.indexOf(LF, start)) {
      this.lineLength += lf - start + 1;
      this.endLine(0);
      start = lf + 1;
    }
    this.lineLength += stop - start;
    if (bytes[stop] === CR && bytes[stop + 1] === LF) this.endLine(2);
    else if (this.lineLength > this.maxLine) this.fail('line-too-long');
  }

  private endLine(more: number): void {
    if (this.maxLine !== 0 && this.lineLength + more > this.maxLine) this.fail('line-too-long');
    this.lineLength = 0;
  }

  private give(bytes: Uint8Array, from: number, to: number, at: number): void {
    this.at = at;
    if (this.fault !== undefined) this.dropped += to - from;
    else if (to > from) this.slice = from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to);
  }

  private fail(fault: DataFault): void {
    this.fault ??= fault;
  }
}

/**
 * What is left to look for once there is a fault: CRLF and a dot, and a CR or bare LF that the next chunk must be told of. A stop at each further
 * fault would let a chunk full of them cost thirty times as much as any other (attack A8).
 */
function findEnd(bytes: Uint8Array, from: number, end: number): number {
  for (let i = from; i < end; i++) {
    const byte = bytes[i];
    if (byte === CR) {
      if (i + 1 === end || (i + 2 < end && bytes[i + 1] === LF && bytes[i + 2] === DOT)) return i;
    } else if (byte === LF && i + 1 === end && (i === 0 || bytes[i - 1] !== CR)) {
      return i;
    }
  }
  return end;
}
