/** Bodies of what can be iterated: arrays of chunks, generators, streams. */
import type { MaybePromise } from '@mailverb/contract';
import { PulledBody } from './pulled-body.js';

/**
 * Wraps chunks that can be iterated. Over a sync iterable `read` returns at once; over an async one it returns promises.
 * Leaving early ({@link PulledBody.release}) ends the iterable too, so that a generator's `finally` runs.
 */
export function bodyOf(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): PulledBody {
  if (chunks instanceof PulledBody) return chunks;
  return Symbol.iterator in chunks
    ? new SyncBody(chunks[Symbol.iterator]())
    : new AsyncBody(chunks[Symbol.asyncIterator]());
}

class SyncBody extends PulledBody {
  constructor(private readonly chunks: Iterator<Uint8Array>) {
    super();
  }

  override read(): Uint8Array | undefined {
    const next = this.chunks.next();
    return next.done === true ? undefined : next.value;
  }

  override release(): void {
    this.chunks.return?.();
  }
}

class AsyncBody extends PulledBody {
  constructor(private readonly chunks: AsyncIterator<Uint8Array>) {
    super();
  }

  override read(): MaybePromise<Uint8Array | undefined> {
    return this.chunks.next().then(valueOf);
  }

  override release(): void {
    // A generator that is waiting ends when what it waits for comes; how it fails then is nobody's concern any more.
    this.chunks.return?.().then(undefined, () => undefined);
  }
}

function valueOf(next: IteratorResult<Uint8Array>): Uint8Array | undefined {
  return next.done === true ? undefined : next.value;
}
