/** The base of every body: whoever extends it writes `read`, and gets the rest of the contract. */
import type { Body, HeldMessage, MaybePromise } from '@mailverb/contract';

/** A {@link Body} by its `read` alone. Holds no field of its own: a body is made for each message. */
export abstract class PulledBody implements Body {
  abstract read(): MaybePromise<Uint8Array | undefined>;

  /** A class whose message is held overrides the getter. */
  get held(): HeldMessage | undefined {
    return undefined;
  }

  /**
   * Says that nobody will read on: what waits for this reader need not. Called by leaving a `for await`; a second call is harmless.
   * Most bodies hold nothing, and do nothing.
   */
  release(): void {}

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return new ChunkIterator(this);
  }
}

const DONE: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

class ChunkIterator implements AsyncIterator<Uint8Array, undefined> {
  constructor(private readonly body: PulledBody) {}

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const value = await this.body.read();
    return value === undefined ? DONE : { done: false, value };
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.body.release();
    return DONE;
  }
}
