/** Publishes to a stream of NATS JetStream: 250 when the stream has acknowledged that it keeps the message. */
import {
  Clock,
  Logger,
  Options,
  type DeliveryContext,
  type DeliveryStrategy,
  type DeliveryTransaction,
  type Envelope,
  type Lifecycle,
  type Session,
} from '@mailverb/contract';
import { PublishingDelivery } from '@mailverb/publish';
import { inject, injectable } from 'tsyringe';
import type { NatsOptions } from './nats.options.js';
import { NatsPublisher } from './nats.publisher.js';

/** The delivery strategy nats. */
@injectable()
export class NatsDelivery implements DeliveryStrategy, Lifecycle {
  readonly durability = 'remote';
  readonly wholeMessage = true;
  // Private for the language too: what it holds has secrets, and must not be seen when this is dumped.
  readonly #publishing: PublishingDelivery;

  constructor(@inject(Options) options: NatsOptions, @inject(Clock) clock: Clock, @inject(Logger) logger: Logger) {
    const publisher = new NatsPublisher(options, clock, logger);
    this.#publishing = new PublishingDelivery({
      name: 'nats',
      publisher,
      target: options.subject,
      options,
      clock,
      logger,
    });
  }

  start(): Promise<void> {
    return this.#publishing.start();
  }

  stop(): Promise<void> {
    return this.#publishing.stop();
  }

  begin(envelope: Envelope, session: Session, context: DeliveryContext): DeliveryTransaction {
    return this.#publishing.begin(envelope, session, context);
  }
}
