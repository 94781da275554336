/**
 * Transforms: what changes the bytes of a message on its way from the client to the delivery, in the configured order.
 *
 * One that only adds header fields gives them with `prepend` and costs nothing per byte. One that must touch the bytes gives a new
 * body with `apply`. A later `prepend` stands above an earlier one, as trace fields must (RFC 5321 4.4).
 */
import type { Body } from './body.js';
import type { Envelope } from './envelope.js';
import type { MaybePromise } from './promise.js';
import type { Session } from './session.js';

/** What a transform may look at. */
export interface TransformInput {
  readonly session: Session;
  readonly envelope: Envelope;
}

/** Changes message bytes. Gives `prepend`, `apply` or both (prepended bytes are not shown to its own `apply`). */
export interface Transform {
  /** Complete header fields, each ended by CRLF, ASCII unless the envelope says SMTPUTF8; undefined for none. */
  prepend?(input: TransformInput): MaybePromise<Uint8Array | undefined>;
  /** The changed body: an async generator will do. It must end, or throw, when `body` does. */
  apply?(body: Body, input: TransformInput): Body | AsyncIterable<Uint8Array>;
  /** True if `apply` needs `body.held`. */
  readonly wholeMessage?: boolean;
}
