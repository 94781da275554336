/**
 * Delivers a message, and gives a copy to a shadow whose outcome never matters.
 *
 * `to` decides everything: whom it takes, what it says, how quickly. The shadow is begun with the mail data, reads copies of what `to` has read,
 * and may commit once `to` has delivered to anybody. Nobody ever waits for it: one that lags behind by more than `buffer` within a message, or takes longer
 * than `timeout`, is given up for that message, and what it says or throws is a line in the log.
 */
import {
  BodyAborted,
  Clock,
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
  type Lifecycle,
  type MaybePromise,
  type Outcome,
  type Recipient,
  type Session,
} from '@mailverb/contract';
import {
  DeliveryPart,
  PART_FAILED,
  bodyOfHeld,
  collect,
  finalReply,
  heldBytes,
  passOn,
  type PulledBody,
} from '@mailverb/body';
import type { Reply } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';
import { CopiedBody, LaggingBody } from './lagging-body.js';
import type { MirrorOptions } from './mirror.options.js';
import { ShadowRun } from './shadow-run.js';

/** Delivers, with a shadow. */
@injectable()
export class MirrorDelivery implements DeliveryStrategy, Lifecycle {
  readonly durability: Durability;
  readonly wholeMessage: boolean;
  /** What the shadow can't do is no matter. */
  readonly offers: DeliveryStrategy['offers'];
  private readonly runs = new Map<ShadowRun, Session>();
  /** Messages without a copy, since the start. */
  private dropped = 0;

  constructor(
    @inject(Options) private readonly options: MirrorOptions,
    @inject(Clock) private readonly clock: Clock,
    @inject(Logger) private readonly logger: Logger,
  ) {
    const { to, shadow } = options;
    this.durability = to.durability;
    this.offers = passOn([to]).offers;
    this.wholeMessage = passOn([to, shadow]).wholeMessage;
  }

  /** Gives up what the shadow is still busy with: the messages themselves have been delivered. */
  async stop(): Promise<void> {
    const over = Promise.all([...this.runs.keys()].map((run) => run.over));
    for (const run of this.runs.keys()) run.giveUp('the server stops');
    await new Promise<void>((resolve) => {
      const alarm = this.clock.after(this.options.timeout, resolve);
      void over.then(() => {
        alarm.cancel();
        resolve();
      });
    });
  }

  /** The shadow hears of it when it has done with that session's messages. */
  sessionClosed(session: Session): void {
    const { to, shadow } = this.options;
    to.sessionClosed?.(session);
    if (shadow.sessionClosed === undefined) return;
    const busy = [...this.runs].filter(([, of]) => of === session).map(([run]) => run.over);
    if (busy.length === 0) return shadow.sessionClosed(session);
    void Promise.all(busy).then(() => shadow.sessionClosed?.(session));
  }

  begin(envelope: Envelope, session: Session, context: DeliveryContext): MaybePromise<DeliveryTransaction> {
    const begun = this.options.to.begin(envelope, session, context);
    const make = (to: DeliveryTransaction) =>
      new MirrorTransaction(to, (taken, body) => this.shadow(envelope, session, taken, body));
    return isPromise(begun) ? begun.then(make) : make(begun);
  }

  /** Starts the shadow of a message. Gives the body that `to` shall read. */
  private shadow(
    envelope: Envelope,
    session: Session,
    recipients: readonly Recipient[],
    body: Body,
  ): { readonly body: Body; readonly run?: ShadowRun } {
    const { buffer, maxMessages } = this.options;
    const { held } = body;
    const drop = (why: string) => {
      this.dropped += 1;
      const fields = { transaction: envelope.id, dropped: this.dropped };
      this.logger.warn(fields, `mirror: the shadow does without a message: ${why}`);
    };
    if (this.runs.size >= maxMessages) {
      drop('it is busy with maxMessages others');
      return { body };
    }
    if (held !== undefined) {
      if (held.size > buffer) {
        drop('it is held, and larger than buffer');
        return { body };
      }
      return { body, run: this.run(envelope, session, recipients, copyOf(held)) };
    }
    const copy = new LaggingBody(buffer, () => {
      drop('it is slower than the delivery by more than buffer');
      run.giveUp('the shadow is too slow');
    });
    const run = this.run(envelope, session, recipients, copy);
    return { body: new CopiedBody(body, copy), run };
  }

  private run(
    envelope: Envelope,
    session: Session,
    recipients: readonly Recipient[],
    body: MaybePromise<PulledBody>,
  ): ShadowRun {
    const { clock, logger } = this;
    const { shadow, timeout } = this.options;
    const transaction = envelope.id;
    // Its own: the transaction of `to` ends before the shadow does.
    const controller = new AbortController();
    const { signal } = controller;
    const part = new DeliveryPart(shadow, { envelope, session, context: { signal } }, (error, step) => {
      if (!(error instanceof BodyAborted) && !signal.aborted) {
        logger.warn({ error, step, transaction }, 'mirror: the shadow failed');
      }
      return PART_FAILED;
    });
    const note = (message: string, fields = {}) => logger.warn({ ...fields, transaction }, message);
    const run = new ShadowRun(part, controller, { clock, timeout, note }, recipients, body);
    this.runs.set(run, session);
    void run.over.then(() => this.runs.delete(run));
    return run;
  }
}

class MirrorTransaction implements DeliveryTransaction {
  private readonly taken: Recipient[] = [];
  private run: ShadowRun | undefined;
  private aborted = false;

  constructor(
    private readonly to: DeliveryTransaction,
    private readonly shadow: (
      recipients: readonly Recipient[],
      body: Body,
    ) => { readonly body: Body; readonly run?: ShadowRun },
  ) {}

  recipient(recipient: Recipient): MaybePromise<Reply | undefined> {
    const answer = this.to.recipient(recipient);
    return isPromise(answer) ? answer.then((settled) => this.note(recipient, settled)) : this.note(recipient, answer);
  }

  body(body: Body): MaybePromise<void> {
    if (this.aborted) throw new BodyAborted('the transaction was aborted');
    const started = this.shadow(this.taken, body);
    this.run = started.run;
    return this.to.body(started.body);
  }

  commit(): MaybePromise<readonly Outcome[]> {
    const outcomes = this.to.commit();
    return isPromise(outcomes) ? outcomes.then((settled) => this.committed(settled)) : this.committed(outcomes);
  }

  abort(reason: string): MaybePromise<void> {
    this.aborted = true;
    this.run?.giveUp(reason);
    return this.to.abort(reason);
  }

  private note(recipient: Recipient, answer: Reply | undefined): Reply | undefined {
    if (answer === undefined || finalReply(answer)?.positive === true) this.taken.push(recipient);
    return answer;
  }

  private committed(outcomes: readonly Outcome[]): readonly Outcome[] {
    const { run } = this;
    // From now on an abort concerns the shadow no more.
    this.run = undefined;
    if (wasDelivered(outcomes)) run?.finish();
    else run?.giveUp('nothing was delivered');
    return outcomes;
  }
}

/** The whole message in memory of its own: what is held goes away with the transaction. Rejects, and never throws: `to` reads on. */
async function copyOf(held: HeldMessage): Promise<PulledBody> {
  return bodyOfHeld(heldBytes(await collect(held.open())));
}

/** True if somebody has the message. What `to` gives is not believed before it was looked at: it has committed, so this may not throw. */
function wasDelivered(outcomes: unknown): boolean {
  if (!Array.isArray(outcomes)) return false;
  return outcomes.some((outcome: Partial<Outcome> | null | undefined) => finalReply(outcome?.reply)?.positive === true);
}
