/**
 * A message body: bytes that are pulled.
 *
 * Chunks are views of what came from the network, of any size, never cut at lines; whoever keeps one beyond the next read
 * copies it. Pulling is what moves the sender: a slow reader slows the client, not the process.
 */
import type { MaybePromise } from './promise.js';

/** Message bytes, in order, once. */
export interface Body extends AsyncIterable<Uint8Array> {
  /**
   * The next chunk, or undefined at the end: now if it is here, else a promise. The quick way of reading; `for await` does the same.
   * @throws {BodyAborted} (or rejects with it) if the message will never be complete: clean up and let it pass on.
   */
  read(): MaybePromise<Uint8Array | undefined>;
  /** The whole message, where it is held (`wholeMessage`); undefined while it streams. */
  readonly held: HeldMessage | undefined;
}

/** A message that is here completely, in memory or in a temporary file. It goes away when the transaction ends. */
export interface HeldMessage {
  /** Octets. */
  readonly size: number;
  /** Reads it from the start; as often as wanted, one after another or at once. */
  open(): Body;
}

/** Thrown out of {@link Body.read} when the message ends before its end: disconnect, limit, bad bytes, shutdown. */
export class BodyAborted extends Error {
  override readonly name = 'BodyAborted';
}
