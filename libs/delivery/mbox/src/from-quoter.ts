/**
 * mboxrd quoting: a line of any number of `>` and then `From ` gets one more `>`, so that it is not taken for the beginning of the next
 * message, and can be undone exactly. Works on lines ended by LF, cut into chunks anywhere.
 */
const LF = 10;
const QUOTE = 0x3e;
const FROM = Buffer.from('From ');

/** Quotes one message, chunk by chunk. */
export class FromQuoter {
  /** True while the line so far is nothing but `>`: the next bytes may be `From `. */
  private eligible = true;
  /** How many bytes of `From ` have been seen and not yet been given out. */
  private matched = 0;

  /** True if all so far ended with a line end, or nothing has come. */
  atLineStart = true;

  /** The quoted chunk, without the last bytes if they may become `From `. */
  quote(chunk: Uint8Array): Uint8Array {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    if (bytes.length === 0) return bytes;
    this.atLineStart = bytes[bytes.length - 1] === LF;
    // At worst every sixth byte begins a line that needs a sign, and five bytes come from the chunk before.
    const quoted = Buffer.allocUnsafe(bytes.length + Math.ceil(bytes.length / 6) + FROM.length + 1);
    let length = 0;
    for (let at = 0; at < bytes.length;) {
      if (!this.eligible) {
        const end = bytes.indexOf(LF, at);
        const next = end === -1 ? bytes.length : end + 1;
        length += bytes.copy(quoted, length, at, next);
        this.eligible = end !== -1;
        at = next;
      } else if (bytes[at] === FROM[this.matched]) {
        this.matched += 1;
        at += 1;
        if (this.matched < FROM.length) continue;
        quoted[length++] = QUOTE;
        length += this.giveMatched(quoted, length);
      } else if (this.matched === 0 && bytes[at] === QUOTE) {
        // Which of several signs is the added one makes no difference, so these need not wait.
        quoted[length++] = QUOTE;
        at += 1;
      } else {
        length += this.giveMatched(quoted, length);
      }
    }
    return quoted.subarray(0, length);
  }

  /** What was kept back at the end of the message. */
  end(): Uint8Array {
    return FROM.subarray(0, this.matched);
  }

  private giveMatched(to: Buffer, at: number): number {
    const { matched } = this;
    this.matched = 0;
    this.eligible = false;
    return FROM.copy(to, at, 0, matched);
  }
}
