/** What is published, and who publishes it: the two things that a plugin for a broker has to know of. */
import type { Durability, MaybePromise } from '@mailverb/contract';

/** One message for the broker: the envelope as headers, the mail data as its body. */
export interface Publication {
  /**
   * The same for the same octets to the same recipients and target of the same transaction, and different otherwise: brokers that drop duplicates
   * may go by it. ASCII letters, digits and `-`, up to 120 of them.
   */
  readonly id: string;
  /** Subject, routing key or topic: made of the template, every value of the message within a word of its own. */
  readonly target: string;
  /** Clean: no control characters in any value. Names are ASCII; a list is a header with several values. */
  readonly headers: ReadonlyMap<string, string | readonly string[]>;
  /** The mail data, octet by octet as it came. Whoever keeps it does not change it: other publications share it. */
  readonly body: Uint8Array;
}

/** Hands publications to a broker. */
export interface Publisher {
  readonly durability: Durability;
  /** Octets of body and headers that the broker takes, where it has said so. */
  readonly maxOctets?: number;
  /** Why nothing can be published now: whoever asks need not send the message at all. Undefined if all is well. */
  readonly trouble?: PublishError | undefined;
  /**
   * Resolves when the broker has confirmed that it has the publication, as safe as `durability` says, and never earlier. Rejects when it has not, or
   * nobody can tell, best with a {@link PublishError}. Settles at the latest when the connection ends, and not before the octets are let go: until
   * then they count as in flight.
   * @param signal fires when nobody waits any more: what has not begun does not begin.
   */
  publish(publication: Publication, signal: AbortSignal): Promise<void>;
  start?(): MaybePromise<void>;
  stop?(): MaybePromise<void>;
}

/**
 * Why a publication is not confirmed: `unavailable`, there is no broker to ask; `unconfirmed`, it has not said yes, or nobody can tell; `unroutable`,
 * it knows no place for it; `too-large`, it will never take it.
 */
export type PublishFault = 'unavailable' | 'unconfirmed' | 'unroutable' | 'too-large';

/** What a {@link Publisher} rejects with. The message is private, and holds no secret. */
export class PublishError extends Error {
  override readonly name = 'PublishError';
  constructor(
    readonly fault: PublishFault,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}
