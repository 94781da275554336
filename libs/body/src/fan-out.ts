/**
 * One body for several readers.
 *
 * The branches are in lock-step: the next chunk is read when every branch that is still there asks for it, which also says that all
 * are done with the last one. So one chunk is in memory at a time, none is copied, and the slowest branch sets the pace.
 * A reader that gives up must call `release` on its branch (leaving a `for await` does), or the others wait for it for ever: whoever
 * hands branches out releases each when its reader has returned or thrown. An error of the source reaches every branch.
 */
import { BodyAborted, isPromise, type Body, type MaybePromise } from '@mailverb/contract';
import { bodyOfHeld } from './held.js';
import { PulledBody } from './pulled-body.js';

/** `count` bodies with the bytes of `body`, to be read at the same time. A held body is simply opened once for each. */
export function fanOut(body: Body, count: number): PulledBody[] {
  const { held } = body;
  if (held !== undefined) return Array.from({ length: count }, () => bodyOfHeld(held));
  const source = new Source(body, count);
  return Array.from({ length: count }, () => new Branch(source));
}

class Source {
  /** How many chunks were read; `chunk` is the last of them, undefined at the end. */
  turn = 0;
  private chunk: Uint8Array | undefined;
  private failure: { readonly error: unknown } | undefined;
  private reading = false;
  private readonly waiting = new Set<Branch>();

  constructor(
    private readonly body: Body,
    private live: number,
  ) {}

  read(branch: Branch): MaybePromise<Uint8Array | undefined> {
    if (this.failure !== undefined) throw this.failure.error;
    if (branch.turn < this.turn) {
      branch.turn = this.turn;
      return this.chunk;
    }
    if (this.turn > 0 && this.chunk === undefined) return undefined;
    if (this.waiting.size + 1 === this.live && !this.reading) return this.advance(branch);
    return this.wait(branch);
  }

  leave(branch: Branch): void {
    this.live -= 1;
    if (this.waiting.delete(branch)) branch.settle?.reject(abandoned());
    if (this.live > 0 && this.waiting.size === this.live && !this.reading) this.advanceForAll();
  }

  /** The last one asks: it gets the chunk now if the source has it now. */
  private advance(branch: Branch): MaybePromise<Uint8Array | undefined> {
    let chunk: MaybePromise<Uint8Array | undefined>;
    try {
      chunk = this.body.read();
    } catch (error) {
      this.fail(error);
      throw error;
    }
    if (isPromise(chunk)) {
      const mine = this.wait(branch);
      this.awaitChunk(chunk);
      return mine;
    }
    this.give(chunk);
    branch.turn = this.turn;
    return chunk;
  }

  /** The one that the others waited for has left. */
  private advanceForAll(): void {
    try {
      const chunk = this.body.read();
      if (isPromise(chunk)) this.awaitChunk(chunk);
      else this.give(chunk);
    } catch (error) {
      this.fail(error);
    }
  }

  private awaitChunk(chunk: PromiseLike<Uint8Array | undefined>): void {
    this.reading = true;
    chunk.then(
      (value) => {
        this.reading = false;
        this.give(value);
      },
      (error: unknown) => this.fail(error),
    );
  }

  private wait(branch: Branch): Promise<Uint8Array | undefined> {
    this.waiting.add(branch);
    return new Promise((resolve, reject) => {
      branch.settle = { resolve, reject };
    });
  }

  private give(chunk: Uint8Array | undefined): void {
    this.chunk = chunk;
    this.turn += 1;
    for (const branch of this.waiting) {
      branch.turn = this.turn;
      branch.settle?.resolve(chunk);
    }
    this.waiting.clear();
  }

  private fail(error: unknown): void {
    this.reading = false;
    this.failure = { error };
    for (const branch of this.waiting) branch.settle?.reject(error);
    this.waiting.clear();
  }
}

class Branch extends PulledBody {
  turn = 0;
  settle:
    | { readonly resolve: (chunk: Uint8Array | undefined) => void; readonly reject: (error: unknown) => void }
    | undefined;
  private released = false;

  constructor(private readonly source: Source) {
    super();
  }

  override read(): MaybePromise<Uint8Array | undefined> {
    // Never undefined: a reader whose branch was taken away must not take what it has for the whole message.
    if (this.released) throw abandoned();
    return this.source.read(this);
  }

  override release(): void {
    if (this.released) return;
    this.released = true;
    this.source.leave(this);
  }
}

function abandoned(): BodyAborted {
  return new BodyAborted('this branch of the body was given up');
}
