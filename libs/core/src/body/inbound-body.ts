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

/** Who pushes, and is told when the reader has taken all there was. */
export interface Feeder {
  hungry(): void;
}

/** The body of the message that is coming in. */
export class InboundBody extends PulledBody {
  /** What comes next; most messages are one chunk, and an array for it would be their largest part. */
  private first: Uint8Array | undefined = undefined;
  private more: Uint8Array[] | undefined = undefined;
  private taken = 0;
  private ended = false;
  private failure: BodyAborted | undefined = undefined;
  private waiter: Waiter | undefined = undefined;
  /** True once the reader was told of the end: it has had everything. */
  consumed = false;

  constructor(private readonly feeder: Feeder) {
    super();
  }

  /** True if the reader has something to take. */
  get full(): boolean {
    return this.first !== undefined;
  }

  push(chunk: Uint8Array): void {
    if (this.failure !== undefined) return;
    const { waiter } = this;
    if (waiter !== undefined) {
      this.waiter = undefined;
      waiter.resolve(chunk);
    } else if (this.first === undefined) {
      this.first = chunk;
    } else {
      (this.more ??= []).push(chunk);
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
    this.first = undefined;
    this.more = undefined;
    this.taken = 0;
    const { waiter } = this;
    this.waiter = undefined;
    waiter?.reject(this.failure);
  }

  override read(): MaybePromise<Uint8Array | undefined> {
    if (this.failure !== undefined) throw this.failure;
    const chunk = this.first;
    if (chunk !== undefined) {
      this.first = this.more === undefined ? undefined : this.next(this.more);
      return chunk;
    }
    if (this.ended) {
      this.consumed = true;
      return undefined;
    }
    if (this.waiter !== undefined) throw new Error('a body is read by one reader, one chunk at a time');
    return new Promise((resolve, reject) => {
      this.waiter = { resolve, reject };
      this.feeder.hungry();
    });
  }

  /** What is behind the first, which is as many chunks as one read of the socket was cut into (a dot-stuffed line cuts it). */
  private next(more: Uint8Array[]): Uint8Array | undefined {
    const chunk = more[this.taken];
    this.taken += 1;
    if (this.taken === more.length) {
      this.more = undefined;
      this.taken = 0;
    }
    return chunk;
  }
}
