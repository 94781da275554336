/**
 * Reads SMTP replies with as little work as can be: it looks at four octets of each line and jumps to its end. A reply that was not
 * expected is an error: a benchmark of refused messages is worthless.
 */

const LF = 0x0a;
const HYPHEN = 0x2d;
const ZERO = 0x30;

/** A reply came that the script does not allow. */
export class UnexpectedReply extends Error {
  override readonly name = 'UnexpectedReply';
  constructor(expected: number | undefined, line: string) {
    super(`expected ${expected === undefined ? 'no reply' : `reply ${expected}`}, got: ${line.trimEnd()}`);
  }
}

/** Counts replies off against the expected codes; chunks may be cut anywhere. */
export class ReplyReader {
  private codes: readonly number[] = [];
  private seen = 0;
  /** Octets of the current line that were looked at; 4 when only its end is awaited. */
  private column = 0;
  private code = 0;
  private last = true;

  /** @param onFirst called when the first of the expected replies has come. */
  constructor(private readonly onFirst: () => void) {}

  /** What must come next. Only to be called when nothing is outstanding. */
  expect(codes: readonly number[]): void {
    this.codes = codes;
    this.seen = 0;
  }

  /**
   * Reads a chunk.
   * @returns true if all expected replies have come.
   * @throws {UnexpectedReply}
   */
  feed(chunk: Uint8Array, length: number): boolean {
    let at = 0;
    while (at < length) {
      while (this.column < 4 && at < length) this.look(chunk[at++] ?? 0);
      if (this.column < 4) break;
      // A line of three digits and LF would be swallowed with its neighbour; it is not a reply, and the code check of the next one fails.
      const end = chunk.indexOf(LF, at);
      if (end < 0 || end >= length) break;
      if (this.last) this.reply(chunk, at, end);
      this.column = 0;
      this.code = 0;
      at = end + 1;
    }
    return this.seen === this.codes.length;
  }

  private look(octet: number): void {
    if (this.column < 3) this.code = this.code * 10 + (octet - ZERO);
    else this.last = octet !== HYPHEN;
    this.column++;
  }

  private reply(chunk: Uint8Array, from: number, to: number): void {
    const expected = this.codes[this.seen];
    if (this.code !== expected) {
      throw new UnexpectedReply(expected, `${this.code} ${Buffer.from(chunk.subarray(from, to)).toString('latin1')}`);
    }
    if (this.seen++ === 0) this.onFirst();
  }
}
