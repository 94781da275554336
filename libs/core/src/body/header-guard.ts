/**
 * Counts what the header section costs while it comes in: octets, lines, and Received fields, whose number is how a mail loop is seen
 * (RFC 5321 6.3). Looks at line starts only, and at nothing behind the empty line.
 */

const CR = 13;
const LF = 10;
const RECEIVED = Uint8Array.from('received:', (c) => c.charCodeAt(0));

/** What the header section exceeded, by the limit's name. */
export type HeaderExcess = 'headerBytes' | 'headerLines' | 'received';

/** How much is allowed. */
export interface HeaderLimits {
  readonly headerBytes: number;
  readonly headerLines: number;
  readonly received: number;
}

/** Watches one message's header section. */
export class HeaderGuard {
  /** True once the empty line was seen: nothing more to look at. */
  done = false;
  private bytes = 0;
  private lines = 0;
  private received = 0;
  /** Octets of the line so far. */
  private length = 0;
  /** Its first octet. */
  private first: number | undefined = undefined;
  /** How much of `received:` the line has matched; -1 once it can't. */
  private matched = 0;

  constructor(private readonly limits: HeaderLimits) {}

  /** Looks at the next piece of the message; gives the first limit that it exceeds. */
  push(chunk: Uint8Array): HeaderExcess | undefined {
    let at = 0;
    while (at < chunk.length && !this.done) {
      const lf = chunk.indexOf(LF, at);
      const end = lf === -1 ? chunk.length : lf + 1;
      if (this.length === 0) this.first = chunk[at];
      if (this.matched !== -1) this.match(chunk, at, end);
      this.bytes += end - at;
      this.length += end - at;
      at = end;
      if (lf !== -1) {
        // CRLF alone, or LF alone in BINARYMIME.
        if (this.length === 1 || (this.length === 2 && this.first === CR)) this.done = true;
        this.lines += 1;
        this.length = 0;
        this.matched = 0;
      }
      if (this.bytes > this.limits.headerBytes) return 'headerBytes';
      if (this.lines > this.limits.headerLines) return 'headerLines';
      if (this.received > this.limits.received) return 'received';
    }
    return undefined;
  }

  private match(chunk: Uint8Array, from: number, end: number): void {
    for (let i = from; i < end; i++) {
      // | 32 folds the case of letters and leaves the colon alone.
      if (((chunk[i] as number) | 32) !== RECEIVED[this.matched]) break;
      this.matched += 1;
      if (this.matched < RECEIVED.length) continue;
      this.received += 1;
      break;
    }
    const complete = this.matched === RECEIVED.length;
    if (complete || this.length + (end - from) > this.matched) this.matched = -1;
  }
}
