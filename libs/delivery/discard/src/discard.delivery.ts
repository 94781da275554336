/**
 * Reads messages and keeps nothing: for sinks, and to measure everything else.
 *
 * One object for each message, no promise unless the body makes one.
 */
import {
  BodyAborted,
  delivered,
  isPromise,
  outcomes,
  type Body,
  type DeliveryStrategy,
  type DeliveryTransaction,
  type Envelope,
  type MaybePromise,
  type Outcome,
} from '@mailverb/contract';
import { drain } from '@mailverb/body';
import { injectable } from 'tsyringe';

/** Accepts every recipient and every message, and forgets them. */
@injectable()
export class DiscardDelivery implements DeliveryStrategy {
  readonly durability = 'none';

  begin(envelope: Envelope): DeliveryTransaction {
    return new DiscardTransaction(envelope);
  }
}

class DiscardTransaction implements DeliveryTransaction {
  private aborted = false;

  constructor(private readonly envelope: Envelope) {}

  recipient(): undefined {
    return undefined;
  }

  body(body: Body): MaybePromise<void> {
    this.expectOpen();
    const octets = drain(body);
    // The number is of no use to the caller, but a second promise only to drop it would cost more than it is worth.
    if (isPromise(octets)) return octets as PromiseLike<unknown> as PromiseLike<void>;
  }

  // The envelope has whom we took, because we take everybody.
  commit(): readonly Outcome[] {
    this.expectOpen();
    return outcomes(this.envelope.recipients, delivered(`discarded as ${this.envelope.id}`));
  }

  abort(): void {
    this.aborted = true;
  }

  private expectOpen(): void {
    if (this.aborted) throw new BodyAborted('the transaction was aborted');
  }
}
