/** Line ends of text files: CRLF becomes LF, in chunks that may be cut anywhere. */
import { isPromise, type Body, type MaybePromise } from '@mailverb/contract';
import { PulledBody } from './pulled-body.js';

const CR = 13;
const LF = 10;
const EMPTY = new Uint8Array(0);
const LONE_CR = Uint8Array.of(CR);

/** The body with each CRLF as LF. A CR or LF alone stays as it is. Not held: its size is only known at its end. */
export function unixLines(body: Body): PulledBody {
  return new UnixLines(body);
}

class UnixLines extends PulledBody {
  /** The last chunk ended with a CR, which is kept back until it is known what follows. */
  private pendingCr = false;

  constructor(private readonly body: Body) {
    super();
  }

  override read(): MaybePromise<Uint8Array | undefined> {
    const chunk = this.body.read();
    return isPromise(chunk) ? chunk.then((value) => this.convert(value)) : this.convert(chunk);
  }

  override release(): void {
    if (this.body instanceof PulledBody) this.body.release();
  }

  private convert(chunk: Uint8Array | undefined): Uint8Array | undefined {
    const { pendingCr } = this;
    if (chunk === undefined) {
      this.pendingCr = false;
      return pendingCr ? LONE_CR : undefined;
    }
    if (chunk.length === 0) return EMPTY;
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    this.pendingCr = bytes[bytes.length - 1] === CR;
    // What came may be read by others too, so it is copied and not changed.
    const text = Buffer.allocUnsafe(bytes.length + 1);
    let length = 0;
    if (pendingCr && bytes[0] !== LF) text[length++] = CR;
    const end = this.pendingCr ? bytes.length - 1 : bytes.length;
    for (let from = 0; from < end;) {
      const found = bytes.indexOf('\r\n', from, 'latin1');
      const to = found === -1 ? end : found;
      length += bytes.copy(text, length, from, to);
      from = found === -1 ? end : found + 1;
    }
    return text.subarray(0, length);
  }
}
