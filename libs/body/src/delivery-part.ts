/**
 * One part of a composed delivery: a strategy with its own few of the recipients.
 *
 * A router, a tee or a fallback must go on when one of its parts fails. So a part throws nothing: what fails becomes the reply for its
 * own recipients, and the part is aborted. It is begun when the first recipient is offered to it. Nothing that a part says is taken for a
 * yes unless it is one: not what it threw, not a 3xx, and not what comes when the transaction is over.
 */
import {
  BodyAborted,
  isPromise,
  type Body,
  type DeliveryContext,
  type DeliveryStrategy,
  type DeliveryTransaction,
  type Envelope,
  type MaybePromise,
  type Outcome,
  type Recipient,
  type Session,
} from '@mailverb/contract';
import type { Reply } from '@mailverb/protocol';
import { PART_FAILED, finalReply, refusal } from './final-reply.js';
import { PulledBody } from './pulled-body.js';

/** What the parts of one composed transaction have in common. */
export interface Composed {
  /** The whole envelope. Each part gets one with its own recipients only. */
  readonly envelope: Envelope;
  readonly session: Session;
  readonly context: DeliveryContext;
}

/** Turns what a part threw into the reply for its recipients (4xx, or what an SmtpError says: `refusalOf`), and logs it. */
export type OnFault = (error: unknown, step: 'begin' | 'recipient' | 'body' | 'commit' | 'abort') => Reply;

/** One strategy within a composed transaction. */
export class DeliveryPart {
  /** Recipients that the strategy took, in order. */
  readonly taken: Recipient[] = [];
  /** Set when the part has failed as a whole. */
  failure: Reply | undefined;
  private begun: DeliveryTransaction | undefined;
  private beginning: PromiseLike<void> | undefined;
  /** True when there is nothing to abort any more. */
  private over = false;

  constructor(
    private readonly strategy: DeliveryStrategy,
    private readonly composed: Composed,
    private readonly fault: OnFault,
  ) {}

  /** The transaction itself, for a composer with a single part: what it throws is then the composer's own. */
  get transaction(): DeliveryTransaction | undefined {
    return this.begun;
  }

  /** Asks the strategy for a recipient, as `recipient` of a transaction does. */
  offer(recipient: Recipient): MaybePromise<Reply | undefined> {
    const beginning = this.begin();
    const answer = beginning === undefined ? this.ask(recipient) : beginning.then(() => this.ask(recipient));
    if (!isPromise(answer)) return this.note(recipient, answer);
    // The signal of now: whoever gives out signals may have a new one when this one has fired.
    const { signal } = this.composed.context;
    return answer.then((settled) => {
      // Whoever asked has given up, and nobody will hear the answer.
      return this.over || signal.aborted ? (this.failure ?? PART_FAILED) : this.note(recipient, settled);
    });
  }

  /** Gives it the body. Reads it to its end, or releases it (if it can be released). Look at `failure` afterwards. */
  send(body: Body): MaybePromise<void> {
    if (this.begun === undefined || this.failure !== undefined || this.over) return release(body);
    try {
      const sent = this.begun.body(body);
      if (!isPromise(sent)) return release(body);
      return sent.then(
        () => release(body),
        (error: unknown) => this.fail(error, 'body', body),
      );
    } catch (error) {
      return this.fail(error, 'body', body);
    }
  }

  /** The reply for each recipient that was taken. */
  async commit(): Promise<ReadonlyMap<Recipient, Reply>> {
    const replies = new Map<Recipient, Reply>();
    const { begun } = this;
    const aborted = this.over;
    if (begun !== undefined && this.failure === undefined && !aborted) {
      try {
        const outcomes = await begun.commit();
        this.over = true;
        this.read(outcomes, replies);
      } catch (error) {
        await this.fail(error, 'commit');
      }
    }
    for (const recipient of this.taken) {
      if (replies.has(recipient)) continue;
      this.failure ??= this.failed(
        aborted ? new BodyAborted('the part was aborted') : new Error('the strategy gave no outcome for a recipient'),
        'commit',
      );
      replies.set(recipient, this.failure);
    }
    return replies;
  }

  /** Ends it; harmless when it has ended. */
  abort(reason: string): MaybePromise<void> {
    if (this.over) return;
    this.over = true;
    return this.beginning === undefined ? this.drop(reason) : this.beginning.then(() => this.drop(reason));
  }

  private begin(): PromiseLike<void> | undefined {
    if (this.begun !== undefined || this.failure !== undefined || this.over) return undefined;
    if (this.beginning !== undefined) return this.beginning;
    const { envelope, session, context } = this.composed;
    try {
      const begun = this.strategy.begin(new PartEnvelope(envelope, this.taken), session, context);
      if (!isPromise(begun)) {
        this.begun = begun;
        return undefined;
      }
      this.beginning = begun.then(
        (transaction) => {
          this.begun = transaction;
          this.beginning = undefined;
        },
        (error: unknown) => {
          this.failure = this.failed(error, 'begin');
          this.beginning = undefined;
        },
      );
    } catch (error) {
      this.failure = this.failed(error, 'begin');
    }
    return this.beginning;
  }

  /** What the strategy says, which nobody has looked at yet; an error of it is its refusal. */
  private ask(recipient: Recipient): MaybePromise<Reply | undefined> {
    if (this.begun === undefined || this.failure !== undefined || this.over) return this.failure ?? PART_FAILED;
    try {
      const answer = this.begun.recipient(recipient);
      return isPromise(answer) ? answer.then(undefined, (error: unknown) => this.failed(error, 'recipient')) : answer;
    } catch (error) {
      return this.failed(error, 'recipient');
    }
  }

  private note(recipient: Recipient, answer: Reply | undefined): Reply | undefined {
    if (answer === undefined) {
      this.taken.push(recipient);
      return undefined;
    }
    const final = finalReply(answer);
    if (final === undefined) return this.failed(new Error('the strategy gave a recipient no final reply'), 'recipient');
    if (final.positive) this.taken.push(recipient);
    return final;
  }

  /** Whoever is missing here, or has no final reply, is deferred by the caller. */
  private read(outcomes: readonly Outcome[], replies: Map<Recipient, Reply>): void {
    if (!Array.isArray(outcomes)) return;
    for (const outcome of outcomes as readonly (Partial<Outcome> | null | undefined)[]) {
      const answer = finalReply(outcome?.reply);
      if (answer !== undefined && outcome?.recipient !== undefined) replies.set(outcome.recipient, answer);
    }
  }

  private fail(error: unknown, step: 'body' | 'commit', body?: Body): MaybePromise<void> {
    if (body !== undefined) release(body);
    this.failure = this.failed(error, step);
    return this.abort(`${step} failed`);
  }

  /** Has the error logged; gives the reply for it, which is never a yes. */
  private failed(error: unknown, step: Parameters<OnFault>[1]): Reply {
    return refusal(this.fault(error, step)) ?? PART_FAILED;
  }

  private drop(reason: string): MaybePromise<void> {
    const failed = (error: unknown) => void this.fault(error, 'abort');
    try {
      const dropped = this.begun?.abort(reason);
      return isPromise(dropped) ? dropped.then(undefined, failed) : undefined;
    } catch (error) {
      failed(error);
    }
  }
}

/** The envelope as one part may see it. */
class PartEnvelope implements Envelope {
  readonly id: Envelope['id'];
  readonly reversePath: Envelope['reversePath'];
  readonly parameters: Envelope['parameters'];

  constructor(
    { id, reversePath, parameters }: Envelope,
    /** Grows as the part takes them. */
    readonly recipients: readonly Recipient[],
  ) {
    this.id = id;
    this.reversePath = reversePath;
    this.parameters = parameters;
  }
}

function release(body: Body): void {
  if (body instanceof PulledBody) body.release();
}
