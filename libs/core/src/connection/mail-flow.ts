/**
 * What a session does with mail: opens transactions, offers recipients, takes mail data, says what became of it. The conversation decides what a
 * command means; this carries out those of its effects that are about a message.
 */
import { isPromise, type Effect, type MaybePromise, type Outcome } from '@mailverb/contract';
import { reply, type Reply, type ServerEvent, type ServerProtocol } from '@mailverb/protocol';
import type { Feeder } from '../body/inbound-body.js';
import type { ListenerRuntime } from '../listener/runtime.js';
import type { Cancellation } from '../session/cancellation.js';
import { LOCAL_ERROR, MailTransaction } from '../session/mail-transaction.js';
import { oneReply } from '../session/one-reply.js';
import type { SessionState } from '../session/session-state.js';
import { DataPhase, type DataEnd } from './data-phase.js';

/** The conversation, as its mail sees it. */
export interface Talk {
  readonly session: SessionState;
  readonly protocol: ServerProtocol;
  /** Set once nothing more is to be said. */
  readonly cause: string | undefined;
  readonly busy: boolean;
  readonly draining: boolean;
  /** What policies get to be told to stop. */
  readonly cancel: Cancellation;
  say(answer: Reply): void;
  refuse(answer: Reply, by: string, reason: string | undefined): void;
  /** Says what became of a message, each recipient's reply where there are several. */
  conclude(answers: readonly Reply[]): void;
  limit(name: string, goodbye: Reply): void;
  /** The server is going down, and nothing new is begun. */
  goodbye(): void;
  close(cause: string): void;
  /** This was a step of a transaction: the count of idle commands begins anew. */
  worked(): void;
  /** Mail data that was waiting has been taken: go on reading. */
  more(): void;
}

const TOO_MANY_MESSAGES = reply(421, '4.7.0', 'too many messages in one session (limit messages)');
const TOO_MANY_RECIPIENTS = reply(452, '4.5.3', 'too many recipients (limit recipients)');
const HOPELESS = reply(421, '4.3.4', 'message too big, giving up (limit messageSize)');

/** The mail of one session. */
export class MailFlow implements Feeder {
  transaction: MailTransaction | undefined = undefined;
  data: DataPhase | undefined = undefined;
  /** Transactions begun, and those that delivered to somebody. */
  transactions = 0;
  delivered = 0;
  /** A chunk is being read: what to say when it has come. */
  private chunkReply: Reply | undefined = undefined;
  private lastChunk = false;
  /** How much of the message had come when the chunk began. */
  private sizeBefore = 0;
  private skipping = false;
  private skipped = 0;
  /** How often the reply to a dropped chunk is said. */
  private answers = 1;

  constructor(
    private readonly runtime: ListenerRuntime,
    private readonly talk: Talk,
  ) {}

  /** True while mail data is coming, and not only expected. */
  get receiving(): boolean {
    return this.data !== undefined && (this.talk.session.phase !== 'bdat' || this.chunkReply !== undefined);
  }

  begin(effect: Effect & { type: 'begin' }, answer: Reply): void {
    const { runtime } = this;
    const { session } = this.talk;
    // What was under way has ended, and this is something new.
    if (this.talk.draining) return this.talk.goodbye();
    if (this.transactions >= runtime.limits.messages) return this.talk.limit('messages', TOO_MANY_MESSAGES);
    this.transactions += 1;
    this.talk.worked();
    if (this.transaction !== undefined) this.end('aborted', undefined, [], 'a new transaction');
    this.transaction = new MailTransaction(
      `${session.id}.${this.transactions}`,
      effect.reversePath,
      effect.parameters,
      session,
      runtime,
    );
    session.envelope = this.transaction.envelope;
    session.phase = 'mail';
    this.talk.say(answer);
  }

  recipient(effect: Effect & { type: 'recipient' }, answer: Reply): MaybePromise<void> {
    const { transaction, runtime } = this;
    if (transaction === undefined) return this.talk.refuse(LOCAL_ERROR, 'verb', 'a recipient without a transaction');
    this.talk.worked();
    if (transaction.envelope.recipients.length >= runtime.limits.recipients) {
      runtime.watchers.limitReached(this.talk.session, 'recipients');
      return this.talk.refuse(TOO_MANY_RECIPIENTS, 'limit recipients', undefined);
    }
    const words = transaction.offer(effect.mailbox, effect.parameters);
    return isPromise(words) ? words.then((settled) => this.offered(settled, answer)) : this.offered(words, answer);
  }

  private offered(words: Reply | undefined, answer: Reply): void {
    if (this.talk.cause !== undefined) return;
    if (words !== undefined && !words.positive) return this.talk.refuse(words, 'delivery', undefined);
    this.talk.session.phase = 'rcpt';
    this.talk.say(words ?? answer);
  }

  /** Mail data up to CRLF "." CRLF. */
  receiveDot(answer: Reply): void {
    this.data = this.newData();
    if (this.data === undefined) return this.talk.refuse(LOCAL_ERROR, 'verb', 'mail data without a transaction');
    this.talk.protocol.expectData();
    this.talk.say(answer);
  }

  /** A counted chunk (RFC 3030). */
  receiveChunk(effect: Effect & { type: 'receive-chunk' }, answer: Reply): void {
    this.data ??= this.newData();
    if (this.data === undefined) return this.skip(effect, LOCAL_ERROR);
    if (effect.octets > 0) this.talk.worked();
    this.talk.session.phase = 'bdat';
    this.chunkReply = answer;
    this.lastChunk = effect.last;
    this.sizeBefore = this.transaction?.size ?? 0;
    this.data.announce(effect.octets);
    const binary = this.transaction?.envelope.parameters.BODY === 'BINARYMIME';
    this.talk.protocol.expectChunk(effect.octets, binary, effect.last);
  }

  /** A counted chunk that nobody wants: read, dropped, then answered. */
  skip({ octets, last }: { readonly octets: number; readonly last?: boolean }, answer: Reply): void {
    this.answers = last === true ? this.answersDue() : 1;
    // A message without one of its chunks must never be completed by those pipelined behind it.
    const { phase } = this.talk.session;
    if (phase === 'rcpt' || phase === 'bdat') this.end('refused', answer, [], answer.text);
    this.chunkReply = answer;
    this.skipping = true;
    this.skipped = 0;
    this.talk.protocol.expectChunk(octets, true, true);
  }

  /** A piece of mail data. */
  body(chunk: Uint8Array): void {
    if (this.skipping) {
      this.skipped += chunk.length;
      if (this.skipped > this.runtime.limits.messageSize) this.talk.limit('messageSize', HOPELESS);
      return;
    }
    const { data } = this;
    if (data === undefined) return;
    data.push(chunk);
    if (data.hopeless) this.talk.limit('messageSize', HOPELESS);
  }

  /** All that has come was looked at: counts what the protocol has dropped, and lets the reader begin. False if it is not worth going on. */
  settle(): boolean {
    const { data } = this;
    if (data === undefined) return true;
    data.drop(this.talk.protocol.dropped);
    if (data.hopeless) {
      this.talk.limit('messageSize', HOPELESS);
      return false;
    }
    data.flow();
    return true;
  }

  /** Mail data, or a chunk, has come to its end. */
  bodyEnd(event: ServerEvent & { type: 'bodyEnd' }): MaybePromise<void> {
    const { chunkReply, data } = this;
    this.chunkReply = undefined;
    if (this.skipping) {
      this.skipping = false;
      this.runtime.watchers.dataReceived(this.talk.session, this.skipped);
      if (chunkReply === undefined) return;
      if (this.answers === 1) this.talk.say(chunkReply);
      else this.talk.conclude(repeated(chunkReply, this.answers));
      return;
    }
    if (data === undefined) return;
    if (event.reply !== undefined) data.refuse(event.reply, 'protocol', event.fault);
    this.runtime.watchers.dataReceived(this.talk.session, (this.transaction?.size ?? 0) - this.sizeBefore);
    if (chunkReply !== undefined && !this.lastChunk) return this.chunkEnd(data, chunkReply);
    const end = data.finish();
    return isPromise(end) ? end.then((settled) => this.answered(settled)) : this.answered(end);
  }

  /** The reader of mail data has taken what there was: go on reading. */
  hungry(): void {
    if (this.data !== undefined) this.data.movedAt = this.runtime.sweeper.now;
    if (!this.talk.busy) this.talk.more();
  }

  /** The transaction is over, however it ended; harmless if there is none. */
  end(
    end: 'committed' | 'refused' | 'aborted',
    answer: Reply | undefined,
    outcomes: readonly Outcome[],
    reason: string,
  ): void {
    const { transaction } = this;
    const { session } = this.talk;
    if (session.phase !== 'connected' && session.phase !== 'greeted') session.phase = 'greeted';
    if (transaction === undefined) {
      // A MAIL that was refused may have left notes and slots.
      session.endTransaction();
      return;
    }
    this.transaction = undefined;
    transaction.end(end, answer, outcomes, reason);
    this.data?.release();
    this.data = undefined;
    this.sizeBefore = 0;
    this.talk.protocol.endChunks();
    session.endTransaction();
  }

  private newData(): DataPhase | undefined {
    const { transaction } = this;
    if (transaction === undefined) return undefined;
    this.talk.worked();
    return new DataPhase(this.runtime, this.talk.session, transaction, this.talk.cancel, this);
  }

  private chunkEnd(data: DataPhase, answer: Reply): void {
    data.flow();
    if (data.failure === undefined) return this.talk.say(answer);
    // RFC 3030 3: a chunk that fails fails the transaction; what is pipelined behind it is refused, and its bytes are dropped.
    const { failure } = data;
    this.end('refused', failure, [], failure.text);
    this.talk.say(failure);
  }

  private answered(end: DataEnd): void {
    if (this.talk.cause !== undefined) return;
    if (end.outcomes === undefined) {
      const count = this.answersDue();
      this.end('refused', end.reply, [], end.reply.text);
      this.talk.conclude(repeated(end.reply, count));
      if (end.hangup) this.talk.close('policy');
      return;
    }
    const { outcomes } = end;
    const answer = oneReply(outcomes);
    if (outcomes.some((outcome) => outcome.reply.positive)) this.delivered += 1;
    this.end('committed', answer, outcomes, '');
    if (this.runtime.info.protocol === 'lmtp') this.talk.conclude(outcomes.map((outcome) => outcome.reply));
    else if (answer.positive) this.talk.say(answer);
    else this.talk.conclude([answer]);
  }

  /** How many replies the end of the message has: in LMTP one for each accepted recipient (RFC 2033 4.2). */
  private answersDue(): number {
    return this.runtime.info.protocol === 'lmtp' ? (this.transaction?.envelope.recipients.length ?? 1) : 1;
  }
}

function repeated(answer: Reply, count: number): readonly Reply[] {
  return Array.from({ length: count }, () => answer);
}
