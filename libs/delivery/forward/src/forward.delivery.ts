/**
 * Forwards addresses to others, by a table, and gives what comes out to another delivery.
 *
 * One recipient of the client may come to several addresses, and has one outcome: deferred if one of them is, refused if one of them is (unless
 * `require: any`), else taken. At RCPT nothing has been sent yet, so there the rule costs nobody a message or a second copy. After the mail data a
 * deferred address makes the client try again, and the others get a second copy: better than none, until a queue stands behind this delivery, which
 * answers for all of them at once.
 */
import {
  BodyAborted,
  Clock,
  Logger,
  Options,
  type DeliveryContext,
  type DeliveryStrategy,
  type DeliveryTransaction,
  type Durability,
  type Envelope,
  type Lifecycle,
  type MaybePromise,
  type Session,
} from '@mailverb/contract';
import { DeliveryPart, PART_FAILED, passOn, refusalOf, type Composed } from '@mailverb/body';
import { ADDRESSES, openLookup, type Lookup } from '@mailverb/lookup';
import type { Mailbox } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';
import { expand, ownPostmaster } from './expansion.js';
import { ForwardTransaction } from './forward-transaction.js';
import type { ForwardOptions } from './forward.options.js';
import { targets, type Targets } from './targets.js';

/** See above. */
@injectable()
export class ForwardDelivery implements DeliveryStrategy, Lifecycle {
  readonly durability: Durability;
  readonly wholeMessage: boolean;
  readonly offers: DeliveryStrategy['offers'];
  readonly sessionClosed: DeliveryStrategy['sessionClosed'];
  private readonly table: Lookup<Mailbox, Targets>;

  constructor(
    @inject(Options) private readonly options: ForwardOptions,
    @inject(Clock) clock: Clock,
    @inject(Logger) private readonly logger: Logger,
  ) {
    const { durability, wholeMessage, offers, sessionClosed } = passOn([options.to]);
    this.durability = durability;
    this.wholeMessage = wholeMessage;
    this.offers = offers;
    this.sessionClosed = sessionClosed;
    const services = { form: ADDRESSES, value: targets, what: 'forward: the table of aliases', clock, logger };
    this.table = openLookup(options.lookup, services);
  }

  start(): MaybePromise<void> {
    return this.table.start?.();
  }

  stop(): MaybePromise<void> {
    return this.table.stop?.();
  }

  begin(envelope: Envelope, session: Session, context: DeliveryContext): DeliveryTransaction {
    const { require, deliveredTo, maxHeader } = this.options;
    const { hostname } = session.listener;
    const transaction = envelope.id;
    return new ForwardTransaction({
      require,
      deliveredTo,
      maxHeader,
      expand: (mailbox) => expand(this.table, this.options, mailbox, hostname),
      named: (mailbox) => ownPostmaster(mailbox, hostname),
      part: () => this.part({ envelope, session, context }),
      note: (message, fields) => this.logger.warn({ ...fields, transaction }, message),
    });
  }

  private part(composed: Composed): DeliveryPart {
    return new DeliveryPart(this.options.to, composed, (error, step) => {
      // That the client has gone is no fault of the delivery.
      if (!(error instanceof BodyAborted)) {
        this.logger.error({ error, step, transaction: composed.envelope.id }, 'forward: the delivery failed');
      }
      return refusalOf(error, PART_FAILED);
    });
  }
}
