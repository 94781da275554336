/** Publications as persistent messages of an exchange, on a channel that confirms them. */
import type { Clock, Lifecycle, Logger } from '@mailverb/contract';
import { BrokerLink, PublishError, type Publication, type Publisher } from '@mailverb/publish';
import type { AmqpOptions } from './amqp.options.js';
import { Connector, type ConfirmingConnection } from './confirming-connection.js';

/** Publishes, and waits for the confirm. */
export class AmqpPublisher implements Publisher, Lifecycle {
  readonly durability = 'remote';
  readonly #link: BrokerLink<ConfirmingConnection>;

  constructor(options: AmqpOptions, clock: Clock, logger: Logger) {
    const connector = new Connector(options, clock, logger);
    this.#link = new BrokerLink('amqp', (signal) => connector.connect(signal), options, clock, logger);
  }

  get trouble(): PublishError | undefined {
    const { trouble } = this.#link;
    return trouble ?? this.#link.connection.blocked;
  }

  start(): Promise<void> {
    return this.#link.start();
  }

  stop(): Promise<void> {
    return this.#link.stop();
  }

  async publish(publication: Publication): Promise<void> {
    const { connection } = this.#link;
    // What is written to it now would lie in our memory until it reads again.
    if (connection.blocked !== undefined) throw connection.blocked;
    await connection.publish(publication);
  }
}
