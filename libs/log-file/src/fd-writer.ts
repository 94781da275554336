/**
 * Text to a file descriptor: in order, without blocking, one write at a time.
 *
 * What is written while a write is under way waits and goes out together with the next, so that many lines cost few system calls. What may
 * wait is bounded; beyond that, text is dropped and counted. A write that fails is tried again with the next text (a disk can be full for a
 * while); after EPIPE and EBADF nobody reads any more, and everything is dropped. Nothing here throws.
 *
 * sonic-boom does nearly this, but at its version of today `flushSync` never returns while the disk is full, `flush` does not wait, and two
 * reopenings close one descriptor twice.
 */
import fs from 'node:fs';

/** What a writer tells its owner. */
export interface WriterEvents {
  /** A write failed for the first time since one succeeded. */
  failed(error: NodeJS.ErrnoException): void;
  /** Too much waits: what comes now is dropped. Once, until all is written. */
  overflowed(): void;
  /** Writes succeed again; so many texts were dropped meanwhile. */
  recovered(dropped: number): void;
}

// A pipe whose reader is slow says EAGAIN if somebody made it non-blocking.
const RETRY_MS = 20;
const LAST_CHANCES = 10;
// How long to wait for a reader that may be stuck: a server must be able to stop.
const SETTLE_MS = 5000;

/** Writes to one descriptor after another. Does not own them: {@link FdWriter.switchTo} closes what it leaves, and nothing else does. */
export class FdWriter {
  private waiting: string[] = [];
  private waitingLength = 0;
  /** Taken from what waits; what is left of it is written before anything else. */
  private chunk: Buffer | undefined;
  private busy = false;
  private dead = false;
  private failing = false;
  private overflow = false;
  private dropped = 0;
  private next: { fd: number; done: () => void } | undefined;
  private idle: (() => void)[] = [];

  /** @param bound characters that may wait. */
  constructor(
    private fd: number,
    private readonly bound: number,
    private readonly events: WriterEvents,
  ) {}

  /** Takes the text, or drops it if too much waits already. */
  write(text: string): void {
    if (this.dead || this.waitingLength + text.length > this.bound) {
      this.dropped++;
      if (!this.dead && !this.overflow) this.events.overflowed();
      this.overflow = true;
      return;
    }
    this.waiting.push(text);
    this.waitingLength += text.length;
    if (!this.busy) this.pump();
  }

  /** Texts dropped so far. */
  get lost(): number {
    return this.dropped;
  }

  /** The descriptor in use. */
  get descriptor(): number {
    return this.fd;
  }

  /** Resolves once nothing waits, or nothing more can be done about what does. @returns false if a write is still under way after five seconds. */
  async settled(): Promise<boolean> {
    if (!this.busy) this.pump();
    if (!this.busy) return true;
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), SETTLE_MS);
      this.idle.push(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  /**
   * Goes on with another descriptor, from the next text on (a line is never divided between two files), and closes the one before.
   * @returns when that has been done.
   */
  switchTo(fd: number): Promise<void> {
    return new Promise((resolve) => {
      const superseded = this.next;
      this.next = { fd, done: resolve };
      if (superseded !== undefined) fs.close(superseded.fd, () => superseded.done());
      if (!this.busy) this.pump();
    });
  }

  /** Writes what waits now, blocking. For the end of the process; gives up if the descriptor does not take it. */
  flushSync(): void {
    // What is under way is with the system, and cannot be known to have arrived: leave it a moment, so that it comes first.
    if (this.busy && this.waiting.length > 0) sleep(RETRY_MS);
    let rest = this.busy ? undefined : this.chunk;
    if (!this.busy) this.chunk = undefined;
    let chances = LAST_CHANCES;
    while (!this.dead && (rest ??= this.take()) !== undefined) {
      try {
        const written = fs.writeSync(this.fd, rest);
        rest = written < rest.length ? rest.subarray(written) : undefined;
      } catch (error) {
        if (!isAgain(error as NodeJS.ErrnoException) || --chances === 0) return;
        sleep(RETRY_MS);
      }
    }
  }

  private pump(): void {
    // Between two chunks is between two lines.
    if (this.next !== undefined && (this.chunk === undefined || this.failing)) this.change(this.next);
    this.chunk ??= this.take();
    if (this.chunk === undefined || this.dead) {
      this.rest();
      return;
    }
    this.busy = true;
    fs.write(this.fd, this.chunk, 0, this.chunk.length, null, this.wrote);
  }

  private take(): Buffer | undefined {
    if (this.waiting.length === 0) return undefined;
    const text = this.waiting.length === 1 ? this.waiting[0] : this.waiting.join('');
    this.waiting = [];
    this.waitingLength = 0;
    return Buffer.from(text ?? '');
  }

  private readonly wrote = (error: NodeJS.ErrnoException | null, written: number): void => {
    if (error !== null) {
      this.failed(error);
      return;
    }
    if (this.failing) {
      this.failing = false;
      this.events.recovered(this.dropped);
    }
    const { chunk } = this;
    this.chunk = chunk === undefined || written >= chunk.length ? undefined : chunk.subarray(written);
    this.pump();
  };

  private failed(error: NodeJS.ErrnoException): void {
    if (isAgain(error)) {
      setTimeout(() => this.pump(), RETRY_MS);
      return;
    }
    if (!this.failing) this.events.failed(error);
    this.failing = true;
    if (error.code === 'EPIPE' || error.code === 'EBADF') {
      this.dead = true;
      this.chunk = undefined;
      this.take();
    }
    if (this.next === undefined) this.rest();
    else this.pump();
  }

  private change({ fd, done }: { fd: number; done: () => void }): void {
    const before = this.fd;
    this.fd = fd;
    this.next = undefined;
    this.dead = false;
    fs.close(before, done);
  }

  private rest(): void {
    this.busy = false;
    if (this.chunk === undefined && this.waiting.length === 0) this.overflow = false;
    const waiters = this.idle;
    this.idle = [];
    for (const wake of waiters) wake();
  }
}

// Blocking: there is no event loop any more where this is needed.
function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function isAgain(error: NodeJS.ErrnoException): boolean {
  return error.code === 'EAGAIN' || error.code === 'EBUSY';
}
