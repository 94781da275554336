/**
 * A delivery strategy of a publisher: what all brokers have in common. A plugin's class has one and passes everything on to it.
 */
import type {
  Clock,
  DeliveryContext,
  DeliveryStrategy,
  DeliveryTransaction,
  Durability,
  Envelope,
  Lifecycle,
  Logger,
  Session,
} from '@mailverb/contract';
import { Gate } from './gate.js';
import type { Publisher } from './publication.js';
import type { PublishOptions } from './publish.options.js';
import { PublishingTransaction } from './publishing.transaction.js';
import type { TargetTemplate } from './target-template.js';

/** What a strategy is made of. */
export interface Publishing {
  /** Of the plugin, for the log. */
  readonly name: string;
  readonly publisher: Publisher;
  readonly target: TargetTemplate;
  readonly options: PublishOptions;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Publishes each message, and says 250 when the broker has confirmed it. */
export class PublishingDelivery implements DeliveryStrategy, Lifecycle {
  /** Brokers take a message in one piece, so it can as well be complete before the first octet is sent. */
  readonly wholeMessage = true;
  private readonly gate: Gate;
  private readonly publishing: Publishing;

  constructor(publishing: Publishing) {
    const { envelope, recipientsPerMessage, maxSize, timeout, ...inFlight } = publishing.options;
    const { maxInFlight, maxInFlightSize, waitTimeout } = inFlight;
    const limits = { maxInFlight, maxInFlightSize, waitTimeout };
    // A plugin gives all its options, and some of them are secrets: those are not kept where they can be seen.
    this.publishing = { ...publishing, options: { envelope, recipientsPerMessage, maxSize, timeout, ...limits } };
    this.gate = new Gate({ messages: maxInFlight, octets: maxInFlightSize, wait: waitTimeout }, publishing.clock);
  }

  get durability(): Durability {
    return this.publishing.publisher.durability;
  }

  /** Messages that the broker has not confirmed yet. */
  get inFlight(): number {
    return this.gate.inFlight;
  }

  async start(): Promise<void> {
    await this.publishing.publisher.start?.();
  }

  async stop(): Promise<void> {
    await this.publishing.publisher.stop?.();
  }

  begin(envelope: Envelope, session: Session, context: DeliveryContext): DeliveryTransaction {
    return new PublishingTransaction(this.publishing, this.gate, envelope, session, context);
  }
}
