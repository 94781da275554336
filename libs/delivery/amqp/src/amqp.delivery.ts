/** Publishes to an exchange of RabbitMQ: 250 when the broker has confirmed that a queue has the message. */
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
import type { AmqpOptions } from './amqp.options.js';
import { AmqpPublisher } from './amqp.publisher.js';

/** The delivery strategy amqp. */
@injectable()
export class AmqpDelivery implements DeliveryStrategy, Lifecycle {
  readonly durability = 'remote';
  readonly wholeMessage = true;
  // Private for the language too: what it holds has secrets, and must not be seen when this is dumped.
  readonly #publishing: PublishingDelivery;

  constructor(@inject(Options) options: AmqpOptions, @inject(Clock) clock: Clock, @inject(Logger) logger: Logger) {
    const publisher = new AmqpPublisher(options, clock, logger);
    this.#publishing = new PublishingDelivery({
      name: 'amqp',
      publisher,
      target: options.routingKey,
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
