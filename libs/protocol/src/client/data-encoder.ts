/**
 * Mail data on its way out: never a bare CR or LF, and for DATA a second dot before every dot that begins a line (RFC 5321 4.5.2, attack A2).
 *
 * Fed with chunks of any size, it gives views of them and the dots between. It never copies, and what it remembers between two chunks is what the last
 * octet was. Bare CR and LF are not repaired: whoever made such a message is told, and nothing of it is taken for a message.
 */
import { findBreak, forget } from '../framing/scan.js';

const CR = 13;
const LF = 10;
const DOT = 46;

/** What mail data going out must not have. */
export type OutgoingFault = 'bare-cr' | 'bare-lf';

const STUFFING = Uint8Array.of(DOT);
const LINE_END = Uint8Array.of(CR, LF);

/** Encodes one message. */
export class DataEncoder {
  /** Set for good once a bare CR or LF was seen: nothing more is given. */
  fault: OutgoingFault | undefined = undefined;
  private lineStart = true;
  private cr = false;

  /** @param dots true for DATA, false for counted chunks (RFC 3030), which have no end to be told apart from. */
  constructor(private readonly dots: boolean) {}

  /** True if the message so far ends with CRLF, or is empty. */
  get complete(): boolean {
    return this.lineStart && !this.cr;
  }

  /** Gives the pieces of the next chunk, in order. Those given before a fault is seen are of a message that must not be ended. */
  encode(chunk: Uint8Array, give: (piece: Uint8Array) => void): void {
    const end = chunk.length;
    if (end === 0 || this.fault !== undefined) return;
    let from = 0;
    if (this.cr) {
      if (chunk[0] !== LF) return this.fail('bare-cr');
      // The CR was kept back until it was known to be none of its own.
      give(LINE_END);
      this.cr = false;
      this.lineStart = true;
      from = 1;
      if (end === 1) return;
    }
    if (chunk[from] === LF) return this.fail('bare-lf');
    if (this.dots && this.lineStart && chunk[from] === DOT) give(STUFFING);
    let at = from;
    while (at < end) {
      const stop = findBreak(chunk, at, end, this.dots);
      if (stop === end) break;
      if (chunk[stop] === LF) return this.fail('bare-lf');
      if (stop + 1 === end) {
        this.cr = true;
        break;
      }
      if (chunk[stop + 1] !== LF) return this.fail('bare-cr');
      give(chunk.subarray(from, stop + 2));
      give(STUFFING);
      from = at = stop + 2;
    }
    forget();
    const until = this.cr ? end - 1 : end;
    if (until > from) give(from === 0 && until === end ? chunk : chunk.subarray(from, until));
    this.lineStart = !this.cr && chunk[end - 1] === LF;
  }

  /** The message is over: false, and a fault, if it ends within a line end. */
  finish(): boolean {
    if (this.cr) this.fail('bare-cr');
    return this.fault === undefined;
  }

  private fail(fault: OutgoingFault): void {
    forget();
    this.fault = fault;
  }
}
