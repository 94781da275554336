/**
 * Mail data, from the verb that asked for it to the reply after it.
 *
 *     pushed bytes → limits → [hold] → transforms → delivery.body → policies(message) → delivery.commit → reply
 *
 * Where somebody must see the whole message, the policies are asked as soon as it is held, and the delivery gets it only if they agree.
 * A small message that came in one piece goes through without a promise if nobody makes one.
 */
import { isPromise, type Body, type MaybePromise, type Outcome } from '@mailverb/contract';
import { bodyOfHeld } from '@mailverb/body';
import { reply, type Reply } from '@mailverb/protocol';
import { HeaderGuard, type HeaderExcess } from '../body/header-guard.js';
import { InboundBody, type Feeder } from '../body/inbound-body.js';
import type { Hold } from '../body/spool.js';
import { causeOf } from '../plugin-answers.js';
import { transformed } from '../body/transform-chain.js';
import type { ListenerRuntime } from '../listener/runtime.js';
import type { Cancellation } from '../session/cancellation.js';
import { LOCAL_ERROR, type MailTransaction } from '../session/mail-transaction.js';
import type { SessionState } from '../session/session-state.js';
import type { Answer } from '../stages/stage-runner.js';

/** How the message ended: with outcomes, or with a refusal before there could be any. */
export type DataEnd =
  | { readonly outcomes: readonly Outcome[] }
  | { readonly outcomes: undefined; readonly reply: Reply; readonly hangup: boolean };

const TOO_BIG = reply(552, '5.3.4', 'message too big (limit messageSize)');
const EXCESS: Readonly<Record<HeaderExcess, Reply>> = {
  headerBytes: reply(552, '5.3.4', 'header section too big (limit headerBytes)'),
  headerLines: reply(552, '5.3.4', 'too many header lines (limit headerLines)'),
  received: reply(554, '5.4.6', 'mail loop: too many Received fields (limit received)'),
};
const STALLED = reply(451, '4.4.7', 'delivery took too long, try again later (timeouts.delivery)');

/** Octets of a refused message that are read and dropped before the connection is given up. */
const DRAIN = 10 * 1024 * 1024;
/** And of a message that may be large, this much at most. */
const MAX_DRAIN = 100 * 1024 * 1024;

/** One message coming in. */
export class DataPhase {
  /** Since when the client's pace is measured, and how much had come by then. */
  private measuredAt: number;
  private measuredSize = 0;
  /** When bytes last came, or were last taken: for the sweeper. */
  movedAt: number;
  /** Set once the message can't be accepted any more; the rest of it is read and dropped. */
  failure: Reply | undefined = undefined;
  private readonly inbound: InboundBody;
  private readonly header: HeaderGuard;
  private drained = 0;
  private dropped = 0;
  private started = false;
  private reading: MaybePromise<void> = undefined;
  private held: Hold | undefined = undefined;

  constructor(
    private readonly runtime: ListenerRuntime,
    private readonly session: SessionState,
    private readonly transaction: MailTransaction,
    private readonly cancellation: Cancellation,
    private readonly feeder: Feeder,
  ) {
    this.measuredAt = this.movedAt = runtime.sweeper.now;
    this.inbound = new InboundBody(feeder);
    this.header = new HeaderGuard(runtime.limits);
  }

  /** True while there is something that the reader has not taken: the loop stops reading the socket. */
  get full(): boolean {
    return this.inbound.full;
  }

  /** The client's pace is measured from now on: what was before was our time, or the time between two chunks. */
  measure(): void {
    this.measuredAt = this.runtime.sweeper.now;
    this.measuredSize = this.transaction.size;
  }

  /** True if fewer octets than `rate` a second have come for longer than `graceMs`. */
  slowerThan(rate: number, graceMs: number): boolean {
    const elapsed = this.runtime.sweeper.now - this.measuredAt;
    return rate > 0 && elapsed > graceMs && this.transaction.size - this.measuredSize < (rate * elapsed) / 1000;
  }

  /** True if a refused message goes on longer than it is worth reading. */
  get hopeless(): boolean {
    return this.drained > DRAIN + Math.min(this.runtime.limits.messageSize, MAX_DRAIN);
  }

  /** A piece of the message. */
  push(chunk: Uint8Array): void {
    const { transaction, runtime } = this;
    transaction.size += chunk.length;
    this.movedAt = runtime.sweeper.now;
    if (this.failure !== undefined) {
      this.drained += chunk.length;
      return;
    }
    const { messageSize } = runtime.limits;
    if (transaction.size > messageSize) return this.limit('messageSize', TOO_BIG);
    if (!this.header.done) {
      const excess = this.header.push(chunk);
      if (excess !== undefined) return this.limit(excess, EXCESS[excess]);
    }
    this.inbound.push(chunk);
  }

  /** Octets of a faulty message that the protocol has read and dropped, in all: they count like others. */
  drop(octets: number): void {
    const more = octets - this.dropped;
    if (more <= 0) return;
    this.dropped = octets;
    this.drained += more;
    this.transaction.size += more;
    this.movedAt = this.runtime.sweeper.now;
  }

  /** Octets are announced (BDAT): what is too big is refused before it comes. */
  announce(octets: number): void {
    this.measure();
    if (this.failure === undefined && this.transaction.size + octets > this.runtime.limits.messageSize) {
      this.limit('messageSize', TOO_BIG);
    }
  }

  /** Lets the reader begin, if there is something to read. */
  flow(): void {
    if (!this.started && this.failure === undefined && this.inbound.full) this.start();
  }

  /** The message can't be accepted: `by` says whose word that is. The reader is told; the delivery is aborted when the transaction ends. */
  refuse(answer: Reply, by: string, reason: string | undefined): void {
    if (this.failure !== undefined) return;
    this.failure = answer;
    this.transaction.decided({ by, reply: answer, reason });
    this.inbound.abort(reason ?? answer.text);
    // What was waiting to be taken is gone: the rest is read and dropped.
    this.feeder.hungry();
  }

  /** The message has come completely. */
  finish(): MaybePromise<DataEnd> {
    this.inbound.end();
    if (!this.started && this.failure === undefined) this.start();
    const { reading } = this;
    // Whoever still reads what is refused already is not waited for: it is aborted.
    if (!isPromise(reading) || this.failure !== undefined) return this.read();
    return this.inTime(reading).then(() => this.read());
  }

  /** Nobody waits any more: frees what is held. */
  release(): void {
    this.inbound.abort('transaction is over');
    this.held?.release();
    this.held = undefined;
  }

  private start(): void {
    this.started = true;
    try {
      this.reading = this.runtime.holds ? this.holdAll() : this.deliver(this.inbound);
    } catch (error) {
      this.fault(error);
      return;
    }
    if (!isPromise(this.reading)) return this.hasRead();
    // Settles into `failure`, so that a reader which fails early stops the message early, and nothing is left unhandled.
    this.reading = Promise.resolve(this.reading).then(
      () => this.hasRead(),
      (error: unknown) => this.fault(error),
    );
  }

  /** A reader that stops before the end has not taken the message, and nobody would take the rest of it. */
  private hasRead(): void {
    if (!this.inbound.consumed) this.fault(new Error('the delivery did not read the message to its end'));
  }

  private async holdAll(): Promise<void> {
    this.held = await this.runtime.spool.hold(this.inbound);
    if (this.transaction.ended) this.release();
  }

  private deliver(body: Body): MaybePromise<void> {
    const { session, transaction, runtime } = this;
    if (runtime.transforms.length === 0) return this.handOver(body);
    const changed = transformed(body, runtime.transforms, { session, envelope: transaction.envelope });
    return isPromise(changed) ? changed.then((result) => this.handOver(result)) : this.handOver(changed);
  }

  private handOver(body: Body): MaybePromise<void> {
    if (this.runtime.delivery?.wholeMessage === true && body.held === undefined) return this.holdAgain(body);
    return this.transaction.body(body);
  }

  /** A transform that streams has changed what was held: the delivery needs the changed message whole. */
  private async holdAgain(body: Body): Promise<void> {
    const again = await this.runtime.spool.hold(body);
    this.held?.release();
    this.held = again;
    if (this.transaction.ended) return this.release();
    await this.transaction.body(bodyOfHeld(again.message));
  }

  /** Everything was read by the delivery (or is held): now the policies. */
  private read(): MaybePromise<DataEnd> {
    if (this.failure !== undefined) return this.refused(this.failure);
    if (this.transaction.ended) return this.refused(LOCAL_ERROR);
    const { session, transaction, runtime, cancellation, held } = this;
    if (runtime.stages.at('message').length === 0) return this.agreed();
    const input = { session, envelope: transaction.envelope, size: transaction.size, message: held?.message };
    const answer = runtime.stages.ask('message', input, session, cancellation);
    return isPromise(answer) ? answer.then((settled) => this.judged(settled)) : this.judged(answer);
  }

  private judged(answer: Answer): MaybePromise<DataEnd> {
    if (answer.refusal === undefined) return this.agreed();
    const { refusal, by } = answer;
    this.transaction.decided({ by, reply: refusal.reply, reason: refusal.reason });
    return this.refused(refusal.reply, refusal.kind === 'hangup');
  }

  private agreed(): MaybePromise<DataEnd> {
    // The client may have gone while the policies thought: what was aborted is never committed.
    if (this.transaction.ended) return this.refused(LOCAL_ERROR);
    const { held } = this;
    if (held === undefined) return this.commit();
    const delivered = this.deliverHeld(bodyOfHeld(held.message));
    return isPromise(delivered) ? this.inTime(delivered).then(() => this.commit()) : this.commit();
  }

  private deliverHeld(body: Body): MaybePromise<void> {
    try {
      const done = this.deliver(body);
      return isPromise(done) ? Promise.resolve(done).then(undefined, (error: unknown) => this.fault(error)) : done;
    } catch (error) {
      this.fault(error);
    }
  }

  private commit(): MaybePromise<DataEnd> {
    if (this.failure !== undefined) return this.refused(this.failure);
    if (this.transaction.ended) return this.refused(LOCAL_ERROR);
    const outcomes = this.transaction.commit();
    return isPromise(outcomes) ? outcomes.then((settled) => ({ outcomes: settled })) : { outcomes };
  }

  private refused(answer: Reply, hangup = false): DataEnd {
    return { outcomes: undefined, reply: answer, hangup };
  }

  /** The delivery has the whole message: from now on its own time budget counts, not the client's. */
  private inTime(reading: PromiseLike<void>): Promise<void> {
    return new Promise((resolve) => {
      const alarm = this.runtime.clock.after(this.runtime.timeouts.delivery, () => {
        this.refuse(STALLED, 'limit timeouts.delivery', 'the delivery did not take the message in time');
        resolve();
      });
      void reading.then(() => {
        alarm.cancel();
        resolve();
      });
    });
  }

  private limit(name: string, answer: Reply): void {
    this.runtime.watchers.limitReached(this.session, name);
    this.refuse(answer, `limit ${name}`, undefined);
  }

  private fault(error: unknown): void {
    // Our own abort comes back as the reader's error: that is no news.
    if (this.failure !== undefined || this.transaction.ended) return;
    this.refuse(this.transaction.failed(error).reply, 'delivery', causeOf(error));
  }
}
