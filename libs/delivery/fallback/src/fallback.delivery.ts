/**
 * Tries deliveries in order: the next one gets what the one before defers (4xx) or fails with. A 5xx is final, whoever says it.
 *
 * Each recipient goes down the list alone. At RCPT it is given to the first delivery that does not defer it. At commit the deliveries get the
 * message one after another, each with the recipients that were given to it and those that the ones before could not deliver to. So
 * the message must be held (`wholeMessage`), and every delivery begins at most one transaction.
 */
import {
  BodyAborted,
  Logger,
  Options,
  isPromise,
  type Body,
  type DeliveryContext,
  type DeliveryStrategy,
  type DeliveryTransaction,
  type Durability,
  type Envelope,
  type HeldMessage,
  type MaybePromise,
  type Outcome,
  type Recipient,
  type Session,
} from '@mailverb/contract';
import { DeliveryPart, PART_FAILED, bodyOfHeld, passOn, refusalOf } from '@mailverb/body';
import type { Reply } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';
import type { FallbackOptions } from './fallback.options.js';

/** Tries one delivery after another. */
@injectable()
export class FallbackDelivery implements DeliveryStrategy {
  readonly durability: Durability;
  readonly wholeMessage = true;
  readonly offers: DeliveryStrategy['offers'];
  readonly sessionClosed: DeliveryStrategy['sessionClosed'];

  constructor(
    @inject(Options) private readonly options: FallbackOptions,
    @inject(Logger) private readonly logger: Logger,
  ) {
    // A recipient may come to any of them, so all must be able to do what is offered.
    const { durability, offers, sessionClosed } = passOn(options.strategies);
    this.durability = durability;
    this.offers = offers;
    this.sessionClosed = sessionClosed;
  }

  begin(envelope: Envelope, session: Session, context: DeliveryContext): DeliveryTransaction {
    const composed = { envelope, session, context };
    const parts = this.options.strategies.map(
      (strategy, i) =>
        new DeliveryPart(strategy, composed, (error, step) => {
          this.logger.warn({ error, step, transaction: envelope.id, strategy: i }, 'fallback: a delivery failed');
          // What it says for good is meant for good; what it could not say is for the next one.
          return refusalOf(error, PART_FAILED);
        }),
    );
    return new FallbackTransaction(parts, context);
  }
}

class FallbackTransaction implements DeliveryTransaction {
  private readonly taken: Recipient[] = [];
  private message: HeldMessage | undefined;
  private aborted = false;

  constructor(
    private readonly parts: readonly DeliveryPart[],
    private readonly context: DeliveryContext,
  ) {}

  recipient(recipient: Recipient): MaybePromise<Reply | undefined> {
    const answer = this.offer(recipient, 0, undefined);
    return isPromise(answer) ? answer.then((settled) => this.note(recipient, settled)) : this.note(recipient, answer);
  }

  body(body: Body): void {
    this.expectOpen();
    if (body.held === undefined) throw new Error('fallback was given a body that is not held');
    this.message = body.held;
  }

  async commit(): Promise<readonly Outcome[]> {
    this.expectOpen();
    const { message } = this;
    if (message === undefined) throw new Error('fallback was told to commit without a body');
    const answers = new Map<Recipient, Reply>();
    for (const part of this.parts) {
      await this.takeOver(part, answers);
      if (part.taken.length === 0) {
        await part.abort('no recipient');
        continue;
      }
      this.expectOpen();
      await part.send(bodyOfHeld(message));
      this.expectOpen();
      // Who is deferred here is offered to the next part, and what that says counts.
      for (const [recipient, answer] of await part.commit()) answers.set(recipient, answer);
    }
    return this.taken.map((recipient) => ({ recipient, reply: answers.get(recipient) ?? PART_FAILED }));
  }

  async abort(reason: string): Promise<void> {
    this.aborted = true;
    await Promise.all(this.parts.map((part) => part.abort(reason)));
  }

  private note(recipient: Recipient, answer: Reply | undefined): Reply | undefined {
    if (answer === undefined || answer.positive) this.taken.push(recipient);
    return answer;
  }

  /** Offers a recipient to one after another until one does not defer it; gives what the last one asked has said. */
  private offer(recipient: Recipient, at: number, before: Reply | undefined): MaybePromise<Reply | undefined> {
    const part = this.parts[at];
    if (part === undefined) return before;
    const next = (answer: Reply | undefined) =>
      answer?.transient === true ? this.offer(recipient, at + 1, answer) : answer;
    const answer = part.offer(recipient);
    if (!isPromise(answer)) return next(answer);
    const { signal } = this.context;
    // When nobody waits for the answer any more, nobody else is asked.
    return answer.then((settled) => (this.aborted || signal.aborted ? PART_FAILED : next(settled)));
  }

  /** Offers a part those whom the ones before it have deferred. */
  private async takeOver(part: DeliveryPart, answers: Map<Recipient, Reply>): Promise<void> {
    for (const recipient of this.taken) {
      if (answers.get(recipient)?.transient !== true) continue;
      this.expectOpen();
      const answer = await part.offer(recipient);
      if (answer !== undefined && !answer.positive) answers.set(recipient, answer);
    }
  }

  private expectOpen(): void {
    if (this.aborted) throw new BodyAborted('the transaction was aborted');
  }
}
