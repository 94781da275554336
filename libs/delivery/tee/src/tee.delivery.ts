/**
 * Delivers a message, and gives copies of it to other deliveries.
 *
 * `to` decides: it is asked for each recipient as it comes, and its outcomes are the outcomes. The copies are begun with the mail data, for
 * all recipients that `to` has taken.
 *
 * - `require: first`: `to` commits first, and only what it has delivered is copied. A copy that fails is a line in the log, and so is
 *   one that stands still for `copyTimeout`: it is given up, and holds nobody up any longer.
 * - `require: all`: the copies commit first. If one fails, `to` is aborted and everybody hears a 451: better one copy too many than a
 *   message without one.
 */
import {
  BodyAborted,
  Clock,
  Logger,
  Options,
  SmtpError,
  isPromise,
  type Body,
  type DeliveryContext,
  type DeliveryStrategy,
  type DeliveryTransaction,
  type Durability,
  type Envelope,
  type MaybePromise,
  type Outcome,
  type Recipient,
  type Session,
} from '@mailverb/contract';
import { DeliveryPart, PART_FAILED, fanOut, finalReply, passOn, type Composed, type PulledBody } from '@mailverb/body';
import { reply, type Reply } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';
import { Pace, PacedBody, inTime } from './pace.js';
import type { TeeOptions } from './tee.options.js';

const NO_COPY = reply(451, '4.3.0', 'a copy of the message could not be made, try again later');

/** Delivers, with copies. */
@injectable()
export class TeeDelivery implements DeliveryStrategy {
  readonly durability: Durability;
  readonly wholeMessage: boolean;
  readonly offers: DeliveryStrategy['offers'];
  readonly sessionClosed: DeliveryStrategy['sessionClosed'];

  constructor(
    @inject(Options) private readonly options: TeeOptions,
    @inject(Clock) private readonly clock: Clock,
    @inject(Logger) private readonly logger: Logger,
  ) {
    const { to, copies, require } = options;
    const all = passOn([to, ...copies]);
    // What copies can't do is no matter where they need not succeed.
    const needed = require === 'all' ? all : passOn([to]);
    this.durability = needed.durability;
    this.offers = needed.offers;
    this.wholeMessage = all.wholeMessage;
    this.sessionClosed = all.sessionClosed;
  }

  begin(envelope: Envelope, session: Session, context: DeliveryContext): MaybePromise<DeliveryTransaction> {
    const composed = { envelope, session, context };
    const begun = this.options.to.begin(envelope, session, context);
    const make = (to: DeliveryTransaction) =>
      new TeeTransaction(to, context, this.options, this.clock, {
        parts: () => this.copies(composed),
        note: (message, fields) => this.logger.warn({ ...fields, transaction: envelope.id }, message),
      });
    return isPromise(begun) ? begun.then(make) : make(begun);
  }

  private copies(composed: Composed): DeliveryPart[] {
    return this.options.copies.map(
      (strategy, copy) =>
        new DeliveryPart(strategy, composed, (error, step) => {
          // That the client has gone, or that `to` has failed, is no fault of the copy.
          if (!(error instanceof BodyAborted)) {
            this.logger.error({ error, step, transaction: composed.envelope.id, copy }, 'tee: a copy failed');
          }
          return NO_COPY;
        }),
    );
  }
}

/** What a transaction has of its strategy. */
interface Copies {
  parts(): DeliveryPart[];
  note(message: string, fields: Readonly<Record<string, unknown>>): void;
}

class TeeTransaction implements DeliveryTransaction {
  private readonly taken: Recipient[] = [];
  private parts: DeliveryPart[] = [];
  /** Copies that have stood still for too long. */
  private readonly givenUp = new Set<DeliveryPart>();
  /** `to` has delivered: the copies are made whatever happens now. */
  private delivered = false;
  private aborted = false;

  constructor(
    private readonly to: DeliveryTransaction,
    private readonly context: DeliveryContext,
    private readonly options: TeeOptions,
    private readonly clock: Clock,
    private readonly copies: Copies,
  ) {}

  recipient(recipient: Recipient): MaybePromise<Reply | undefined> {
    const answer = this.to.recipient(recipient);
    if (!isPromise(answer)) return this.note(recipient, answer);
    // The signal of now: whoever gives out signals may have a new one when this one has fired.
    const { signal } = this.context;
    // Too late: whoever asked has given up, so there is nothing to copy for this recipient.
    return answer.then((settled) => (this.aborted || signal.aborted ? PART_FAILED : this.note(recipient, settled)));
  }

  async body(body: Body): Promise<void> {
    this.expectOpen();
    this.parts = this.copies.parts();
    await Promise.all(this.parts.map((part, i) => this.step(part, i, this.offer(part, i))));
    this.expectOpen();
    const [own, ...branches] = fanOut(body, 1 + this.parts.length);
    if (own === undefined) throw new Error('a body without branches');
    const sent = this.parts.map((part, i) => {
      const branch = branches[i];
      if (branch === undefined || this.options.require === 'all') return branch && part.send(branch);
      const pace = new Pace(this.clock);
      return this.step(part, i, part.send(new PacedBody(branch, pace)), branch, pace);
    });
    try {
      await this.read(own);
    } catch (error) {
      // Nobody wants the copies any more.
      for (const branch of branches) branch.release();
      throw error;
    }
    await Promise.all(sent);
    if (this.options.require === 'all') this.expectAll(this.parts.map(({ failure }) => failure));
  }

  async commit(): Promise<readonly Outcome[]> {
    this.expectOpen();
    return this.options.require === 'all' ? this.commitCopiesFirst() : this.commitCopiesAfter();
  }

  async abort(reason: string): Promise<void> {
    this.aborted = true;
    await Promise.all([this.to.abort(reason), this.delivered ? undefined : this.abortCopies(reason)]);
  }

  private expectOpen(): void {
    if (this.aborted) throw new BodyAborted('the transaction was aborted');
  }

  private note(recipient: Recipient, answer: Reply | undefined): Reply | undefined {
    // What is no final reply is refused by whoever asked, so it is not copied for this recipient either.
    if (answer === undefined || finalReply(answer)?.positive === true) this.taken.push(recipient);
    return answer;
  }

  private async read(own: PulledBody): Promise<void> {
    try {
      await this.to.body(own);
    } finally {
      own.release();
    }
  }

  private async offer(part: DeliveryPart, copy: number): Promise<void> {
    for (const recipient of this.taken) {
      const answer = await part.offer(recipient);
      if (this.givenUp.has(part)) return;
      if (answer === undefined || answer.positive) continue;
      this.copies.note('tee: a copy refused a recipient', {
        copy,
        recipient: recipient.mailbox.address,
        reply: String(answer),
      });
      if (this.options.require === 'all') throw new SmtpError(NO_COPY, 'a copy refused a recipient', { copy });
    }
    if (part.taken.length === 0) await part.abort('no recipient');
  }

  private async commitCopiesFirst(): Promise<readonly Outcome[]> {
    const made = await Promise.all(this.parts.map((part) => part.commit()));
    this.expectAll(made.flatMap((replies) => [...replies.values()]));
    this.expectOpen();
    return this.to.commit();
  }

  private async commitCopiesAfter(): Promise<readonly Outcome[]> {
    const outcomes = await this.to.commit();
    if (wasDelivered(outcomes)) {
      this.delivered = true;
      const made = Promise.all(this.parts.map((part, i) => this.finish(part, i)));
      if (!(await inTime(this.clock, this.options.copyTimeout, made))) {
        this.copies.note('tee: copies take too long, the reply does not wait for them', {});
      }
    } else {
      await this.abortCopies('nothing was delivered');
    }
    return outcomes;
  }

  private async finish(part: DeliveryPart, copy: number): Promise<void> {
    for (const [recipient, answer] of await part.commit()) {
      // What was thrown has been logged.
      if (answer.positive || answer === part.failure) continue;
      const fields = { copy, recipient: recipient.mailbox.address, reply: String(answer) };
      this.copies.note('tee: a copy was not made', fields);
    }
  }

  /** Waits for a step of a copy: to its end if all are required, else until it stands still for too long. */
  private async step(
    part: DeliveryPart,
    copy: number,
    work: MaybePromise<void>,
    branch?: PulledBody,
    pace?: Pace,
  ): Promise<void> {
    if (this.options.require === 'all' || !isPromise(work)) return work;
    if ((await inTime(this.clock, this.options.copyTimeout, work, pace)) || this.aborted) return;
    this.copies.note('tee: a copy takes too long and is given up', { copy });
    this.givenUp.add(part);
    branch?.release();
    // What hangs in one call may hang in the next too.
    void part.abort('the copy took too long');
  }

  private async abortCopies(reason: string): Promise<void> {
    const aborted = Promise.all(this.parts.map((part) => part.abort(reason)));
    if (this.options.require === 'all') await aborted;
    else await inTime(this.clock, this.options.copyTimeout, aborted);
  }

  private expectAll(replies: readonly (Reply | undefined)[]): void {
    const refusal = replies.find((answer) => answer !== undefined && !answer.positive);
    if (refusal !== undefined) throw new SmtpError(NO_COPY, 'a copy could not be made', { reply: String(refusal) });
  }
}

/** True if somebody has the message. What `to` gives is not believed before it was looked at: it has committed, so this may not throw. */
function wasDelivered(outcomes: unknown): boolean {
  if (!Array.isArray(outcomes)) return false;
  return outcomes.some((outcome: Partial<Outcome> | null | undefined) => finalReply(outcome?.reply)?.positive === true);
}
