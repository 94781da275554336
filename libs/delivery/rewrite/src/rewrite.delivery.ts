/**
 * Gives another delivery an envelope with other addresses: by tables and rules, and by SRS, which makes senders ours for messages that are
 * forwarded, and finds the sender again when a bounce comes back.
 *
 * Recipients: reversed SRS, else table, else rules. Sender: table, else rules, then SRS. The null reverse-path is never changed (attack A20).
 */
import {
  Clock,
  Logger,
  Options,
  SmtpError,
  isPromise,
  type DeliveryContext,
  type DeliveryStrategy,
  type DeliveryTransaction,
  type Durability,
  type Envelope,
  type Lifecycle,
  type MaybePromise,
  type Recipient,
  type Session,
} from '@mailverb/contract';
import { passOn } from '@mailverb/body';
import { reply, type Mailbox, type Reply, type ReversePath } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';
import { NO_ANSWER, Renamer } from './renamer.js';
import { RewriteTransaction } from './rewrite-transaction.js';
import type { RewriteOptions } from './rewrite.options.js';
import type { Renamed } from './rules.js';
import { forwardSrs, reverseSrs, type Reversed } from './srs.js';

const UNKNOWN = reply(451, '4.3.0', 'it can not be told now where this address leads, try again later');
const UNKNOWN_SENDER = reply(451, '4.3.0', 'it can not be told now who this sender is, try again later');
const NO_RECIPIENT = reply(553, '5.1.3', 'this address can not be rewritten');
const NO_SENDER = reply(553, '5.1.7', 'the sender address can not be rewritten');
const TOO_LONG = reply(553, '5.1.7', 'the sender address is too long to be forwarded');
const BOUNCES_ONLY = reply(550, '5.7.1', 'this address takes bounces only');

const NOT_REVERSED: Readonly<Record<Exclude<Reversed, Mailbox>, Reply>> = {
  malformed: reply(550, '5.1.1', 'no such address'),
  forged: reply(550, '5.7.1', 'this address was not made here'),
  expired: reply(550, '5.1.1', 'this address has expired'),
};

/** See above. */
@injectable()
export class RewriteDelivery implements DeliveryStrategy, Lifecycle {
  readonly durability: Durability;
  readonly wholeMessage: boolean;
  readonly offers: DeliveryStrategy['offers'];
  readonly sessionClosed: DeliveryStrategy['sessionClosed'];
  private readonly senders: Renamer;
  private readonly recipients: Renamer;

  constructor(
    @inject(Options) private readonly options: RewriteOptions,
    @inject(Clock) private readonly clock: Clock,
    @inject(Logger) private readonly logger: Logger,
  ) {
    const { durability, wholeMessage, offers, sessionClosed } = passOn([options.to]);
    this.durability = durability;
    this.wholeMessage = wholeMessage;
    this.offers = offers;
    this.sessionClosed = sessionClosed;
    this.senders = new Renamer(options.sender, { what: 'rewrite: the table of senders', clock, logger });
    this.recipients = new Renamer(options.recipient, { what: 'rewrite: the table of recipients', clock, logger });
  }

  async start(): Promise<void> {
    await this.senders.start();
    await this.recipients.start();
  }

  async stop(): Promise<void> {
    await this.senders.stop();
    await this.recipients.stop();
  }

  begin(envelope: Envelope, session: Session, context: DeliveryContext): MaybePromise<DeliveryTransaction> {
    const sender = this.sender(envelope);
    const begin = (reversePath: ReversePath) => this.beginAs(reversePath, envelope, session, context);
    return isPromise(sender) ? sender.then(begin) : begin(sender);
  }

  private beginAs(
    reversePath: ReversePath,
    envelope: Envelope,
    session: Session,
    context: DeliveryContext,
  ): MaybePromise<DeliveryTransaction> {
    const recipients: Recipient[] = [];
    const { id, parameters } = envelope;
    const begun = this.options.to.begin({ id, reversePath, parameters, recipients }, session, context);
    const make = (inner: DeliveryTransaction) =>
      new RewriteTransaction(inner, (mailbox) => this.recipient(mailbox, envelope), recipients);
    return isPromise(begun) ? begun.then(make) : make(begun);
  }

  /** The new reverse-path. @throws {SmtpError} (or rejects) if there is none. */
  private sender({ reversePath, id }: Envelope): MaybePromise<ReversePath> {
    if (reversePath === null) return null;
    const sign = (renamed: Renamed | typeof NO_ANSWER) => {
      if (renamed === NO_ANSWER) throw new SmtpError(UNKNOWN_SENDER, 'rewrite: the table of senders gave no answer');
      if (renamed === null) {
        throw new SmtpError(NO_SENDER, 'rewrite: a rule makes no address of the sender', {
          sender: reversePath.address,
        });
      }
      return this.sign(renamed ?? reversePath, id);
    };
    const renamed = this.senders.rename(reversePath);
    return isPromise(renamed) ? renamed.then(sign) : sign(renamed);
  }

  private sign(sender: Mailbox, transaction: string): Mailbox {
    const { srs } = this.options;
    // An address literal names a machine and no domain that could have a policy.
    if (srs === undefined || !srs.sign || sender.host?.kind !== 'domain') return sender;
    if (sender.domain === srs.domain || srs.own.has(sender.domain)) return sender;
    const signed = forwardSrs(srs, sender, this.clock.now());
    if (signed !== undefined) return signed;
    if (srs.tooLong === 'refuse') {
      throw new SmtpError(TOO_LONG, 'rewrite: the sender is too long for SRS', { sender: sender.address });
    }
    this.logger.info({ transaction, sender: sender.address }, 'rewrite: the sender is too long for SRS, and stays');
    return sender;
  }

  /** The new address of a recipient, or the reply that refuses it. */
  private recipient(mailbox: Mailbox, { reversePath }: Envelope): MaybePromise<Mailbox | Reply> {
    const { srs } = this.options;
    const reversed = srs?.reverse === true ? reverseSrs(srs, mailbox, this.clock.now()) : undefined;
    if (reversed !== undefined) {
      // Said before anything else, so that nobody but a bounce learns whether an address is good.
      if (srs?.bouncesOnly === true && reversePath !== null) return BOUNCES_ONLY;
      return typeof reversed === 'string' ? NOT_REVERSED[reversed] : reversed;
    }
    const settle = (renamed: Renamed | typeof NO_ANSWER) => {
      if (renamed === NO_ANSWER) return UNKNOWN;
      return renamed === null ? NO_RECIPIENT : (renamed ?? mailbox);
    };
    const renamed = this.recipients.rename(mailbox);
    return isPromise(renamed) ? renamed.then(settle) : settle(renamed);
  }
}
