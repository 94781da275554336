/** Reading a body to its end: all of it as one piece, or none of it. Synchronous for as long as the body is. */
import { isPromise, type Body, type MaybePromise } from '@mailverb/contract';
import { ByteGatherer } from './byte-gatherer.js';

/** The whole body as one piece of memory, which belongs to the caller. For messages of which the size is bounded. */
export function collect(body: Body): MaybePromise<Uint8Array> {
  const gathered = new ByteGatherer(body.held?.size);
  for (;;) {
    const chunk = body.read();
    if (chunk === undefined) return gathered.view();
    if (isPromise(chunk)) return collectRest(body, chunk, gathered);
    gathered.append(chunk);
  }
}

async function collectRest(
  body: Body,
  pending: PromiseLike<Uint8Array | undefined>,
  gathered: ByteGatherer,
): Promise<Uint8Array> {
  let chunk = await pending;
  while (chunk !== undefined) {
    gathered.append(chunk);
    const next = body.read();
    chunk = isPromise(next) ? await next : next;
  }
  return gathered.view();
}

/** Reads everything and keeps nothing. Gives the number of octets. */
export function drain(body: Body): MaybePromise<number> {
  let octets = 0;
  for (;;) {
    const chunk = body.read();
    if (chunk === undefined) return octets;
    if (isPromise(chunk)) return drainRest(body, chunk, octets);
    octets += chunk.length;
  }
}

async function drainRest(
  body: Body,
  pending: PromiseLike<Uint8Array | undefined>,
  octetsBefore: number,
): Promise<number> {
  let octets = octetsBefore;
  let chunk = await pending;
  while (chunk !== undefined) {
    octets += chunk.length;
    const next = body.read();
    // Nothing of a chunk is kept while the next is waited for: held that long, its memory grows old, and old memory is dear to collect.
    chunk = undefined;
    chunk = isPromise(next) ? await next : next;
  }
  return octets;
}

/**
 * Gives each chunk to `sink` and waits for it before the next is read, so a sink may use the chunk until it is done.
 * Synchronous for as long as the body and the sink are.
 */
export function pump(body: Body, sink: (chunk: Uint8Array) => MaybePromise<void>): MaybePromise<void> {
  for (;;) {
    const chunk = body.read();
    if (chunk === undefined) return;
    if (isPromise(chunk)) return pumpRest(body, sink, chunk, undefined);
    const done = sink(chunk);
    if (isPromise(done)) return pumpRest(body, sink, undefined, done);
  }
}

async function pumpRest(
  body: Body,
  sink: (chunk: Uint8Array) => MaybePromise<void>,
  pending: PromiseLike<Uint8Array | undefined> | undefined,
  done: PromiseLike<void> | undefined,
): Promise<void> {
  await done;
  let next = pending ?? body.read();
  for (;;) {
    const chunk = isPromise(next) ? await next : next;
    if (chunk === undefined) return;
    const busy = sink(chunk);
    if (isPromise(busy)) await busy;
    next = body.read();
  }
}
