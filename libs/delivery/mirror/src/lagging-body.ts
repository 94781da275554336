/** The shadow's body: copies of what somebody else reads, so many octets at most. Nobody waits for its reader. */
import { BodyAborted, isPromise, type Body, type MaybePromise } from '@mailverb/contract';
import { PulledBody } from '@mailverb/body';

/** Octets that a chunk costs beside its own: many small ones must not take more memory than few large ones (attack A13). */
const CHUNK = 128;

/** See above. */
export class LaggingBody extends PulledBody {
  private readonly chunks: Uint8Array[] = [];
  private kept = 0;
  private ended = false;
  private failure: BodyAborted | undefined;
  private waiting:
    | { readonly resolve: (chunk: Uint8Array | undefined) => void; readonly reject: (error: unknown) => void }
    | undefined;

  constructor(
    private readonly room: number,
    /** Called once, when the reader lags too far behind. */
    private readonly tooSlow: () => void,
  ) {
    super();
  }

  /** What the other has just read: it is copied, since it is only good until the next read. */
  push(chunk: Uint8Array): void {
    if (this.ended || this.failure !== undefined || chunk.length === 0) return;
    if (this.waiting !== undefined) return this.settle()?.resolve(Uint8Array.from(chunk));
    if (this.kept + CHUNK + chunk.length > this.room) {
      this.fail('the shadow is slower than the delivery');
      this.tooSlow();
      return;
    }
    this.chunks.push(Uint8Array.from(chunk));
    this.kept += CHUNK + chunk.length;
  }

  /** The other has read to the end. */
  end(): void {
    this.ended = true;
    this.settle()?.resolve(undefined);
  }

  /** There will be no end. */
  fail(reason: string): void {
    if (this.failure !== undefined) return;
    this.failure = new BodyAborted(reason);
    this.chunks.length = 0;
    this.kept = 0;
    this.settle()?.reject(this.failure);
  }

  override read(): MaybePromise<Uint8Array | undefined> {
    if (this.failure !== undefined) throw this.failure;
    const chunk = this.chunks.shift();
    if (chunk !== undefined) {
      this.kept -= CHUNK + chunk.length;
      return chunk;
    }
    if (this.ended) return undefined;
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
  }

  override release(): void {
    this.fail('the shadow reads no further');
  }

  private settle() {
    const { waiting } = this;
    this.waiting = undefined;
    return waiting;
  }
}

/** `body`, of which whatever is read goes to `copy` too. */
export class CopiedBody extends PulledBody {
  constructor(
    private readonly body: Body,
    private readonly copy: LaggingBody,
  ) {
    super();
  }

  override read(): MaybePromise<Uint8Array | undefined> {
    let chunk: MaybePromise<Uint8Array | undefined>;
    try {
      chunk = this.body.read();
    } catch (error) {
      this.copy.fail('the message is not complete');
      throw error;
    }
    if (!isPromise(chunk)) return this.note(chunk);
    return chunk.then(
      (value) => this.note(value),
      (error: unknown) => {
        this.copy.fail('the message is not complete');
        throw error;
      },
    );
  }

  override release(): void {
    if (this.body instanceof PulledBody) this.body.release();
  }

  private note(chunk: Uint8Array | undefined): Uint8Array | undefined {
    if (chunk === undefined) this.copy.end();
    else this.copy.push(chunk);
    return chunk;
  }
}
