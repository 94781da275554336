/**
 * Mail data on its way from the loop to whoever reads it. The loop pushes what came; the reader pulls. What was pushed and not pulled is at most
 * what one read of the socket brought: the loop stops reading while there is any.
 */
import { BodyAborted, type MaybePromise } from '@mailverb/contract';
import { PulledBody } from '@mailverb/body';

interface Waiter {
  readonly resolve: (chunk: Uint8Array | undefined) => void;
  readonly reject: (error: Error) => void;
}

/** The body of the message that is coming in. */
export class InboundBody extends PulledBody {
  private queue: Uint8Array[] = [];
  private head = 0;
  private ended = false;
  private failure: BodyAborted | undefined = undefined;
  private waiter: Waiter | undefined = undefined;
  /** True once the reader was told of the end: it has had everything. */
  consumed = false;

  /** @param hungry called when the reader has taken all there was and the loop should read on. */
  constructor(private readonly hungry: () => void) {
    super();
  }

  /** True if the reader has something to take. */
  get full(): boolean {
    return this.head < this.queue.length;
  }

  push(chunk: Uint8Array): void {
    if (this.failure !== undefined) return;
    const { waiter } = this;
    if (waiter === undefined) {
      this.queue.push(chunk);
    } else {
      this.waiter = undefined;
      waiter.resolve(chunk);
    }
  }

  /** The whole message has come. */
  end(): void {
    this.ended = true;
    const { waiter } = this;
    this.waiter = undefined;
    if (waiter === undefined) return;
    this.consumed = true;
    waiter.resolve(undefined);
  }

  /** It will never be complete: the reader is told at once, and what was not read is dropped. */
  abort(reason: string): void {
    if (this.failure !== undefined || this.consumed) return;
    this.failure = new BodyAborted(reason);
    this.queue = [];
    this.head = 0;
    const { waiter } = this;
    this.waiter = undefined;
    waiter?.reject(this.failure);
  }

  override read(): MaybePromise<Uint8Array | undefined> {
    if (this.failure !== undefined) throw this.failure;
    if (this.head < this.queue.length) {
      const chunk = this.queue[this.head];
      this.head += 1;
      if (this.head === this.queue.length) {
        this.queue.length = 0;
        this.head = 0;
      }
      return chunk;
    }
    if (this.ended) {
      this.consumed = true;
      return undefined;
    }
    return new Promise((resolve, reject) => {
      this.waiter = { resolve, reject };
      this.hungry();
    });
  }
}
