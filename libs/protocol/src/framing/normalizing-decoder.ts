/**
 * Mail data from clients that do not know CRLF: every bare CR and bare LF becomes CRLF before dots are looked at.
 *
 * A line that only became a line by repair can still not end the data: the end is CRLF "." CRLF as sent, or what one server takes for the end
 * another takes for content (attack A1). A lone dot between repaired line breaks is content and stays. Byte by byte: this is the exception.
 */
import type { DataDecoder, DataFault } from './data-decoder.js';

const CR = 13;
const LF = 10;
const DOT = 46;
const CRLF = Uint8Array.of(CR, LF);
const DOT_CRLF = Uint8Array.of(DOT, CR, LF);

const enum State {
  LineStart,
  /** After a repaired line break. */
  RepairedStart,
  InLine,
  /** After a CR that was not given yet. */
  Cr,
  Dot,
  DotCr,
  /** A dot after a repaired line break, not given yet. */
  RepairedDot,
}

/** Bare CR and LF are repaired. */
export class NormalizingDataDecoder implements DataDecoder {
  at = 0;
  slice: Uint8Array | undefined = undefined;
  ended = false;
  fault: DataFault | undefined = undefined;
  dropped = 0;
  private state: State = State.LineStart;
  private lineLength = 0;

  constructor(
    private readonly dots: boolean,
    private readonly maxLine: number,
  ) {}

  decode(bytes: Uint8Array, at: number): void {
    this.slice = undefined;
    let i = at;
    while (i < bytes.length) {
      const byte = bytes[i] as number;
      switch (this.state) {
        case State.InLine: {
          const from = i;
          while (i < bytes.length && bytes[i] !== CR && bytes[i] !== LF) i++;
          this.lineLength += i - from;
          if (this.maxLine !== 0 && this.lineLength > this.maxLine) this.fault ??= 'line-too-long';
          // The line break is looked at in the next round, when what is before it has been given.
          if (i > from) return this.give(bytes.subarray(from, i), i);
          i++;
          if (byte === CR) {
            this.state = State.Cr;
            break;
          }
          this.state = State.RepairedStart;
          return this.give(this.breakLine(), i);
        }
        case State.Cr:
          // CRLF, or a bare CR that is repaired and what follows looked at again.
          if (byte === LF) {
            this.state = State.LineStart;
            return this.give(this.breakLine(), i + 1);
          }
          this.state = State.RepairedStart;
          return this.give(this.breakLine(), i);
        case State.LineStart:
        case State.RepairedStart:
          if (byte === DOT && this.dots) {
            this.state = this.state === State.LineStart ? State.Dot : State.RepairedDot;
            i++;
          } else {
            this.state = State.InLine;
          }
          break;
        case State.Dot:
          if (byte === CR) {
            this.state = State.DotCr;
            i++;
          } else if (byte === LF) {
            this.state = State.RepairedStart;
            return this.give(DOT_CRLF, i + 1);
          } else {
            this.state = State.InLine;
          }
          break;
        case State.DotCr:
          if (byte === LF) {
            this.ended = true;
            this.at = i + 1;
            return;
          }
          this.state = State.RepairedStart;
          return this.give(DOT_CRLF, i);
        case State.RepairedDot:
          this.state = State.InLine;
          // Alone on its line it is content; before anything else it was stuffed.
          if (byte === CR || byte === LF) return this.give(DOT_CRLF.subarray(0, 1), i);
          break;
      }
    }
    this.at = i;
  }

  finish(): void {
    // A CR at the very end of counted data: nothing follows that could make it a CRLF. The break itself cannot be given any more.
    if (this.state === State.Cr) this.fault ??= 'bare-cr';
  }

  private breakLine(): Uint8Array {
    if (this.maxLine !== 0 && this.lineLength + 2 > this.maxLine) this.fault ??= 'line-too-long';
    this.lineLength = 0;
    return CRLF;
  }

  private give(slice: Uint8Array, at: number): void {
    this.at = at;
    if (this.fault === undefined) this.slice = slice;
    else this.dropped += slice.length;
  }
}
