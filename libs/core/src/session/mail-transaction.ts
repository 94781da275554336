/**
 * One mail transaction: its envelope, its delivery, its way to an end. Exactly one of `commit` and `abort` ends it, and whatever the strategy throws
 * becomes a 451 for the recipients concerned.
 */
import {
  isPromise,
  outcomes as sameForAll,
  SmtpError,
  type Body,
  type Clock,
  type Decision,
  type DeliveryStrategy,
  type DeliveryTransaction,
  type Envelope,
  type MailParameters,
  type MaybePromise,
  type Outcome,
  type RcptParameters,
  type Recipient,
  type TransactionRecord,
} from '@mailverb/contract';
import { reply, type Mailbox, type Reply, type ReversePath } from '@mailverb/protocol';
import { isFinalReply, isOutcome } from '../plugin-answers.js';
import type { Watchers } from '../stages/watchers.js';
import { Cancellation } from './cancellation.js';
import type { SessionState } from './session-state.js';

export const LOCAL_ERROR = reply(451, '4.3.0', 'local error, try again later');
const TOO_SLOW = reply(451, '4.4.7', 'delivery took too long, try again later (timeouts.delivery)');
const NO_DELIVERY = reply(451, '4.3.5', 'no delivery is configured');

const NOBODY: Recipient[] = [];

/** The envelope as the loop lets it grow. */
class GrowingEnvelope implements Envelope {
  recipients: readonly Recipient[] = NOBODY;
  private own: Recipient[] = NOBODY;
  constructor(
    readonly id: string,
    readonly reversePath: ReversePath,
    readonly parameters: Readonly<MailParameters>,
  ) {}

  add(recipient: Recipient): void {
    // Most messages have one: an array that was pushed to has room for seventeen.
    if (this.recipients.length === 0) this.own = [recipient];
    else this.own.push(recipient);
    this.recipients = this.own;
  }
}

/** What a transaction needs of its listener. */
export interface TransactionServices {
  readonly delivery: DeliveryStrategy | undefined;
  readonly clock: Clock;
  readonly watchers: Watchers;
  /** Milliseconds for each step of the delivery but the body. */
  readonly deliveryMs: number;
  /** What deliveries are still doing: a server that stops waits for it. */
  readonly pending: Set<Promise<unknown>>;
}

/** One mail transaction. */
export class MailTransaction {
  readonly envelope: Envelope;
  private readonly growing: GrowingEnvelope;
  /** Octets of mail data so far. */
  size = 0;
  private delivery: DeliveryTransaction | undefined = undefined;
  /** The delivery's own: what a policy overruns must not stop what the delivery is doing. */
  private readonly cancellation = new Cancellation();
  /** Set when the delivery did not answer in time: nobody knows any more what it has taken. */
  private broken: Reply | undefined = undefined;
  private over = false;
  private aborted = false;
  /** True while the delivery commits: what became of the message is not known yet. */
  private committing = false;
  private decisions: Decision[] | undefined = undefined;
  private readonly startedAt: number;

  constructor(
    id: string,
    reversePath: ReversePath,
    parameters: Readonly<MailParameters>,
    private readonly session: SessionState,
    private readonly services: TransactionServices,
  ) {
    // The clock is a system call: only for a record that somebody reads.
    this.startedAt = services.watchers.watches('transactionEnded') ? services.clock.now() : 0;
    this.envelope = this.growing = new GrowingEnvelope(id, reversePath, parameters);
  }

  /** True once it has ended: whatever still comes from its delivery is of no interest. */
  get ended(): boolean {
    return this.over;
  }

  /** Remembers a refusal for the record. */
  decided(decision: Decision): void {
    (this.decisions ??= []).push(decision);
  }

  /** Offers a recipient to the delivery; the refusal or the words of the strategy, or undefined for the verb's. Never throws or rejects. */
  offer(mailbox: Mailbox, parameters: Readonly<RcptParameters>): MaybePromise<Reply | undefined> {
    if (this.broken !== undefined) return this.broken;
    const recipient: Recipient = { mailbox, parameters };
    if (this.delivery !== undefined) return this.ask(this.delivery, recipient);
    const { delivery } = this.services;
    if (delivery === undefined) return NO_DELIVERY;
    const begun = this.guarded(
      () => delivery.begin(this.envelope, this.session, this.cancellation),
      (late) => this.abortLate(late),
    );
    return isPromise(begun) ? begun.then((result) => this.begun(result, recipient)) : this.begun(begun, recipient);
  }

  /** Gives the body to the delivery. Rejects or throws what the strategy does. */
  body(body: Body): MaybePromise<void> {
    if (this.over) throw new Error('the transaction is over');
    if (this.broken !== undefined) throw new SmtpError(this.broken, 'the delivery did not answer a recipient in time');
    return this.delivery?.body(body);
  }

  /** Commits: one outcome for each recipient, whatever happens. Never throws or rejects. */
  commit(): MaybePromise<readonly Outcome[]> {
    const { delivery } = this;
    if (this.over) return this.allFailed(LOCAL_ERROR);
    if (this.broken !== undefined) return this.allFailed(this.broken);
    if (delivery === undefined) return this.allFailed(NO_DELIVERY);
    const result = this.guarded(() => delivery.commit());
    if (!isPromise(result)) return this.committed(result);
    this.committing = true;
    return result.then((settled) => {
      this.committing = false;
      const outcomes = this.committed(settled);
      // Aborted in the meantime, and perhaps too late: the record says what came of it.
      if (this.over)
        this.record(outcomes.some(({ reply: { positive } }) => positive) ? 'committed' : 'aborted', outcomes);
      return outcomes;
    });
  }

  /** Ends it: tells the delivery to forget everything unless it has committed, and the observers what became of it. */
  end(end: TransactionRecord['end'], answer: Reply | undefined, outcomes: readonly Outcome[], reason: string): void {
    if (this.over) return;
    this.over = true;
    if (end !== 'committed') this.abort(reason);
    if (!this.committing) this.record(end, outcomes, answer);
  }

  private record(end: TransactionRecord['end'], outcomes: readonly Outcome[], answer?: Reply): void {
    const { watchers, clock } = this.services;
    if (!watchers.watches('transactionEnded')) return;
    watchers.transactionEnded(this.session, {
      envelope: this.envelope,
      size: this.size,
      end,
      reply: answer,
      outcomes,
      decisions: this.decisions ?? [],
      startedAt: this.startedAt,
      endedAt: clock.now(),
    });
  }

  private begun(result: DeliveryTransaction | Failure, recipient: Recipient): MaybePromise<Reply | undefined> {
    if (result instanceof Failure) return result.reply;
    if (typeof result !== 'object' || result === null) {
      return this.failed(new Error('the delivery began with something that is no transaction')).reply;
    }
    this.delivery = result;
    if (this.over) {
      // The client went away while the strategy was still beginning.
      this.abort('client has gone');
      return LOCAL_ERROR;
    }
    return this.ask(result, recipient);
  }

  private ask(delivery: DeliveryTransaction, recipient: Recipient): MaybePromise<Reply | undefined> {
    const answer = this.guarded(
      () => delivery.recipient(recipient),
      // Taken after all, when the client has long been told otherwise: by then the delivery has been aborted.
      () => {},
    );
    return isPromise(answer)
      ? answer.then((settled) => this.answered(settled, recipient))
      : this.answered(answer, recipient);
  }

  private answered(answer: Reply | undefined | Failure, recipient: Recipient): Reply | undefined {
    if (answer instanceof Failure) return answer.reply;
    if (answer !== undefined && !isFinalReply(answer)) {
      return this.failed(new Error('the delivery answered a recipient with something that is no reply')).reply;
    }
    if (answer === undefined || answer.positive) this.growing.add(recipient);
    return answer;
  }

  private committed(result: readonly Outcome[] | Failure): readonly Outcome[] {
    if (result instanceof Failure) {
      // Nobody knows how far it came: the client tries again, and the strategy cleans up.
      this.abort('commit failed');
      return this.allFailed(result.reply);
    }
    const { recipients } = this.envelope;
    const given: readonly unknown[] = Array.isArray(result) ? result : [];
    const byRecipient = new Map<unknown, Outcome>();
    let inOrder = given.length === recipients.length;
    for (let i = 0; i < given.length; i++) {
      const outcome = given[i];
      if (!isOutcome(outcome)) {
        inOrder = false;
        continue;
      }
      if (outcome.recipient !== recipients[i]) inOrder = false;
      if (recipients.length > 1 || !inOrder) byRecipient.set(outcome.recipient, outcome);
    }
    if (inOrder) return result;
    // A recipient that the strategy took after its time was up has been refused, and its outcome is nobody's; one without an outcome is deferred.
    if (recipients.some((recipient) => !byRecipient.has(recipient))) {
      this.failed(new Error(`commit gave ${given.length} outcomes that do not fit ${recipients.length} recipients`));
    }
    return recipients.map((recipient) => byRecipient.get(recipient) ?? { recipient, reply: LOCAL_ERROR });
  }

  /** A strategy that began after its time was up is told so at once: nobody knows it any more. */
  private abortLate(delivery: DeliveryTransaction): void {
    if (typeof delivery !== 'object' || delivery === null) return;
    this.delivery = delivery;
    this.abort('began too late');
  }

  private allFailed(answer: Reply): readonly Outcome[] {
    return sameForAll(this.envelope.recipients, answer);
  }

  private abort(reason: string): void {
    const { delivery } = this;
    this.cancellation.cancel(reason);
    if (delivery === undefined || this.aborted) return;
    this.aborted = true;
    const { watchers } = this.services;
    try {
      const done = delivery.abort(reason);
      if (isPromise(done)) {
        const aborted = Promise.resolve(done).then(undefined, (error: unknown) =>
          watchers.faultCaught(this.session, 'delivery abort', error),
        );
        keep(this.services.pending, aborted);
      }
    } catch (error) {
      watchers.faultCaught(this.session, 'delivery abort', error);
    }
  }

  /** Calls the strategy: what it throws, or never answers, becomes a Failure. */
  private guarded<T>(call: () => MaybePromise<T>, late?: (value: T) => void): MaybePromise<T | Failure> {
    let result: MaybePromise<T>;
    try {
      result = call();
    } catch (error) {
      return this.failed(error);
    }
    if (!isPromise(result)) return result;
    const { clock, deliveryMs, pending } = this.services;
    const settling = Promise.resolve(result);
    keep(pending, settling);
    return new Promise((resolve) => {
      let tooLate = false;
      const alarm = clock.after(deliveryMs, () => {
        tooLate = true;
        const failure = this.failed(new SmtpError(TOO_SLOW, `no answer within ${deliveryMs} ms`));
        if (late !== undefined) {
          this.broken = failure.reply;
          this.abort('the delivery did not answer in time');
        }
        resolve(failure);
      });
      settling.then(
        (value) => {
          alarm.cancel();
          if (tooLate) late?.(value);
          resolve(value);
        },
        (error: unknown) => {
          alarm.cancel();
          // Who was told to stop and says that it has stopped has no fault.
          if (!tooLate) resolve(this.over ? new Failure(LOCAL_ERROR) : this.failed(error));
        },
      );
    });
  }

  /** The reply to an error of the strategy, which is logged. */
  failed(error: unknown): Failure {
    this.services.watchers.faultCaught(this.session, 'delivery', error);
    return new Failure(error instanceof SmtpError && !error.reply.positive ? error.reply : LOCAL_ERROR);
  }
}

/** A strategy's step that did not come to a result, and what the client hears. */
export class Failure {
  constructor(readonly reply: Reply) {}
}

function keep(pending: Set<Promise<unknown>>, promise: Promise<unknown>): void {
  pending.add(promise);
  const forget = () => void pending.delete(promise);
  promise.then(forget, forget);
}
