/** A connection in memory: two streams, each other's peer, that behave like the two ends of a TCP connection. */
import { Duplex } from 'node:stream';

/** How much each direction holds before its writer must wait. */
export interface MemoryPairOptions {
  /** Octets; default 64 KiB, as node's sockets have it. */
  readonly highWaterMark?: number;
}

/**
 * Makes a connection in memory.
 *
 * Bytes arrive in a later tick and as copies, never inside the `write` that sent them; what was written while corked arrives as one chunk.
 * A reader that does not read makes the writer wait. `end()` ends one direction; `destroy()` is seen by the peer as the end of the data, and
 * what the peer writes then fails with EPIPE; `resetAndDestroy()`, or `destroy` with an error, is seen as ECONNRESET.
 */
export function memoryPair({ highWaterMark = 64 * 1024 }: MemoryPairOptions = {}): [MemorySocket, MemorySocket] {
  const one = new MemorySocket(highWaterMark);
  const other = new MemorySocket(highWaterMark);
  one.connectTo(other);
  other.connectTo(one);
  return [one, other];
}

/** One end of a {@link memoryPair}. */
export class MemorySocket extends Duplex {
  private peer: MemorySocket | undefined;
  /** The peer's write that waits until we read on. */
  private owed: WriteCallback | undefined;
  private inputOver = false;
  private resetting = false;

  constructor(highWaterMark: number) {
    super({ highWaterMark, allowHalfOpen: true });
  }

  /** For {@link memoryPair}. */
  connectTo(peer: MemorySocket): void {
    this.peer = peer;
  }

  /** The counterpart of net.Socket's: the peer sees ECONNRESET. */
  resetAndDestroy(): this {
    this.resetting = true;
    return this.destroy();
  }

  override _read(): void {
    const { owed } = this;
    this.owed = undefined;
    owed?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: WriteCallback): void {
    this.deliver(Buffer.from(chunk), callback);
  }

  override _writev(chunks: { chunk: Buffer }[], callback: WriteCallback): void {
    this.deliver(Buffer.concat(chunks.map(({ chunk }) => chunk)), callback);
  }

  override _final(callback: WriteCallback): void {
    process.nextTick(() => {
      this.peer?.endOfInput();
      callback();
    });
  }

  override _destroy(error: Error | null, callback: WriteCallback): void {
    const { peer, owed } = this;
    this.owed = undefined;
    owed?.(failure('EPIPE', 'the peer has closed the connection'));
    process.nextTick(() => {
      if (error === null && !this.resetting) peer?.endOfInput();
      else if (peer !== undefined && !peer.destroyed) peer.destroy(failure('ECONNRESET', 'reset by the peer'));
    });
    callback(error);
  }

  private deliver(bytes: Buffer, callback: WriteCallback): void {
    process.nextTick(() => {
      const { peer } = this;
      if (peer === undefined || peer.destroyed) callback(failure('EPIPE', 'the peer has closed the connection'));
      else if (bytes.length === 0 || peer.push(bytes)) callback();
      else peer.owed = callback;
    });
  }

  private endOfInput(): void {
    if (this.inputOver || this.destroyed) return;
    this.inputOver = true;
    this.push(null);
  }
}

type WriteCallback = (error?: Error | null) => void;

function failure(code: string, message: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${message}`), { code });
}
