/**
 * The conversation of one session: events of the protocol become commands, verbs answer, policies are asked, effects are carried out.
 *
 * For every command, in this order: known? legal now? parse, ask the stage's policies, perform, reply, effect. All of it is synchronous until a
 * plugin returns a promise; then the conversation is `busy`, asks the protocol for nothing, and goes on when the promise has settled.
 */
import {
  isPromise,
  SmtpError,
  type Effect,
  type MaybePromise,
  type Outcome,
  type SessionRecord,
  type StageQuestion,
  type VerbOutcome,
  type Decision,
} from '@mailverb/contract';
import { cleanText, reply, ServerProtocol, type Reply, type ServerEvent } from '@mailverb/protocol';
import type { Feeder } from '../body/inbound-body.js';
import type { ListenerRuntime } from '../listener/runtime.js';
import { isQuestion, isReply, isVerbOutcome } from '../plugin-answers.js';
import type { RegisteredVerb } from '../registry/verb-registry.js';
import { Cancellation } from '../session/cancellation.js';
import { LOCAL_ERROR, MailTransaction } from '../session/mail-transaction.js';
import { oneReply } from '../session/one-reply.js';
import type { SessionState } from '../session/session-state.js';
import type { Answer } from '../stages/stage-runner.js';
import { DataPhase, type DataEnd } from './data-phase.js';

/** The connection, as the conversation sees it. */
export interface Wire {
  /** Writes what is queued. */
  flush(): void;
  /** True while the client does not read and nothing more should be said. */
  readonly blocked: boolean;
  /** Writes what is queued and closes. */
  finish(cause: string): void;
  /** The conversation has come a step further: its idle time begins anew. */
  moved(): void;
  /** Mail data that was waiting has been taken: go on reading, if that was stopped. */
  more(): void;
  /** The conversation waits for bytes; `reading` is false while mail data waits to be taken. */
  idle(reading: boolean): void;
}

/** Replies are written when this many characters are queued, even within a pipelined group: a bound, not a rhythm. */
const FLUSH_AT = 16 * 1024;
/** RFC 4954 4: AUTH lines, CRLF included. */
const CONVERSE_LINE = 12_288;

const TOO_MANY_ERRORS = reply(421, '4.7.0', 'too many errors (limit errors)');
const TOO_MANY_UNKNOWN = reply(421, '4.7.0', 'too many unknown commands (limit unknownCommands)');
const TOO_MANY_COMMANDS = reply(
  421,
  '4.7.0',
  'too many commands without a transaction (limit commandsBeforeTransaction)',
);
const TOO_MANY_MESSAGES = reply(421, '4.7.0', 'too many messages in one session (limit messages)');
const TOO_MANY_RECIPIENTS = reply(452, '4.5.3', 'too many recipients (limit recipients)');
const NOT_SYNCHRONIZED = reply(554, '5.5.0', 'sent before its turn: wait for the reply (limit pipelining)');
const SHUTTING_DOWN = reply(421, '4.3.2', 'server is shutting down');
const LOCAL_GOODBYE = reply(421, '4.3.0', 'local error');
const HOPELESS = reply(421, '4.3.4', 'message too big, giving up (limit messageSize)');

/** What a session does between its greeting and its end. */
export class Conversation implements Feeder {
  readonly protocol: ServerProtocol;
  /** True while a plugin is working on an answer. */
  busy = false;
  /** Set once nothing more is to be said: why the session ended. */
  cause: string | undefined = undefined;
  /** Set when the server is going down: idle sessions are told so, transactions may finish. */
  draining = false;
  data: DataPhase | undefined = undefined;
  private transaction: MailTransaction | undefined = undefined;
  /** A verb converses (AUTH): whose turn it is, and what its next line goes to. */
  private conversing: RegisteredVerb | undefined = undefined;
  private answer: ((line: Uint8Array) => MaybePromise<VerbOutcome>) | undefined = undefined;
  /** A chunk is being read: what to say when it has come. */
  private chunkReply: Reply | undefined = undefined;
  private skipping = false;
  private skipped = 0;
  private lastChunk = false;
  private cancellation: Cancellation | undefined = undefined;
  private decisions: Decision[] | undefined = undefined;
  private commands = 0;
  private errors = 0;
  private unknown = 0;
  private idleCommands = 0;
  private transactions = 0;
  private delivered = 0;

  constructor(
    private readonly runtime: ListenerRuntime,
    readonly session: SessionState,
    private readonly wire: Wire,
  ) {
    this.protocol = new ServerProtocol(runtime.protocolOptions);
  }

  /** Asks the connect policies and greets. */
  greet(): void {
    const { runtime, session } = this;
    if (!runtime.stages.matters('connect')) {
      this.say(runtime.greeting);
      this.run();
      return;
    }
    const answer = runtime.stages.ask('connect', { session }, session, this.cancel);
    this.await(isPromise(answer) ? answer.then((settled) => this.welcomed(settled)) : this.welcomed(answer));
    this.run();
  }

  /** Goes on until there is nothing to do: no bytes, a plugin at work, a client that does not read, the end. */
  run(): void {
    try {
      this.steps();
    } catch (error) {
      this.broken(error);
    }
  }

  private steps(): void {
    while (!this.busy && this.cause === undefined && !this.wire.blocked) {
      const event = this.protocol.next();
      switch (event.type) {
        case 'needData':
          this.settle();
          return;
        case 'command':
          this.await(this.command(event.verb, event.args));
          break;
        case 'line':
          this.await(this.line(event.line));
          break;
        case 'body':
          this.body(event.chunk);
          break;
        case 'bodyEnd':
          this.await(this.bodyEnd(event));
          break;
        case 'violation':
          this.violated(event);
          break;
      }
      this.wire.moved();
      if (this.protocol.pending > FLUSH_AT) this.wire.flush();
    }
  }

  /** Something went wrong that nobody has caught where it belongs: this session ends, and no other. */
  private broken(error: unknown): void {
    this.runtime.watchers.faultCaught(this.session, 'session', error);
    this.hangup(LOCAL_GOODBYE, 'error');
  }

  /** Says goodbye and ends the session. */
  hangup(goodbye: Reply, cause: string): void {
    if (this.cause !== undefined) return;
    this.say(goodbye);
    this.close(cause);
  }

  /** The server is going down: now, if nothing is under way; else when what is has ended. */
  drain(): void {
    this.draining = true;
    if (!this.busy && this.transaction === undefined) this.hangup(SHUTTING_DOWN, 'shutdown');
  }

  /** The connection is gone, whatever was going on: a message that was not answered is not delivered. */
  gone(cause: string): void {
    this.cause ??= cause;
    this.endTransaction('aborted', undefined, [], 'client has gone');
    this.cancellation?.cancel('session is over');
  }

  /** True while mail data is coming, and not only expected. */
  get receiving(): boolean {
    return this.data !== undefined && (this.session.phase !== 'bdat' || this.chunkReply !== undefined);
  }

  record(octetsIn: number): SessionRecord {
    return {
      endedAt: this.runtime.clock.now(),
      commands: this.commands,
      errors: this.errors,
      transactions: this.transactions,
      delivered: this.delivered,
      octetsIn,
      cause: this.cause ?? 'disconnect',
      decisions: this.decisions ?? [],
    };
  }

  private get cancel(): Cancellation {
    return (this.cancellation ??= new Cancellation());
  }

  private await(result: MaybePromise<void>): void {
    if (!isPromise(result)) return;
    this.busy = true;
    Promise.resolve(result).then(
      () => {
        this.busy = false;
        // The client's time begins when ours has ended.
        this.wire.moved();
        this.run();
      },
      (error: unknown) => {
        this.busy = false;
        this.broken(error);
      },
    );
  }

  private settle(): void {
    const { data } = this;
    if (data !== undefined) {
      data.drop(this.protocol.dropped);
      if (data.hopeless) return this.limit('messageSize', HOPELESS);
      data.flow();
    }
    if (this.draining && this.transaction === undefined && this.cause === undefined) {
      this.hangup(SHUTTING_DOWN, 'shutdown');
      return;
    }
    this.wire.flush();
    this.wire.idle(data === undefined || !data.full);
  }

  private say(answer: Reply): void {
    if (answer.code >= 400 && this.cause === undefined) {
      this.errors += 1;
      // In place of the reply, as a command has one.
      if (this.errors > this.runtime.limits.errors) return this.limit('errors', TOO_MANY_ERRORS);
    }
    this.speak(answer);
  }

  private speak(answer: Reply): void {
    this.protocol.send(answer);
    this.runtime.watchers.replySent(this.session, answer);
  }

  private close(cause: string): void {
    this.cause = cause;
    this.endTransaction('aborted', undefined, [], cause);
    this.wire.finish(cause);
  }

  private limit(name: string, goodbye: Reply): void {
    if (this.cause !== undefined) return;
    this.runtime.watchers.limitReached(this.session, name);
    this.cause = 'limit';
    this.decide({ by: `limit ${name}`, reply: goodbye, reason: undefined });
    this.speak(goodbye);
    this.close('limit');
  }

  private decide(decision: Decision): void {
    if (this.transaction === undefined) (this.decisions ??= []).push(decision);
    else this.transaction.decided(decision);
  }

  private welcomed(answer: Answer): void {
    if (this.cause !== undefined) return;
    if (answer.refusal === undefined) {
      this.say(this.runtime.greeting);
      return;
    }
    // RFC 5321 3.1: a server that will not talk says 554 in place of its greeting; 421 is as good.
    this.refusedBy(answer);
    this.close('policy');
  }

  // Commands

  private command(name: string, args: string): MaybePromise<void> {
    const { runtime } = this;
    const found = runtime.verbs.get(name);
    if (runtime.watchers.watches('commandReceived')) this.tellCommand(found, name, args);
    this.commands += 1;
    this.idleCommands += 1;
    if (this.idleCommands > runtime.limits.commandsBeforeTransaction) {
      return this.limit('commandsBeforeTransaction', TOO_MANY_COMMANDS);
    }
    if (found === undefined) return this.unknownVerb(name);
    if (!found.phases.has(this.session.phase))
      return this.refuseCommand(found, found.outOfPhase, 'protocol', undefined);
    let params: unknown;
    let question: StageQuestion | undefined;
    try {
      params = found.verb.parse(args, this.session);
      if (isReply(params)) return this.refuseCommand(found, params, 'protocol', undefined);
      const { stage } = found.verb;
      if (stage === undefined || runtime.stages.matters(stage)) question = found.verb.question?.(params, this.session);
    } catch (error) {
      return this.refuseCommand(found, this.fault(found, error), `verb ${name}`, 'it failed');
    }
    if (question === undefined) return this.perform(found, params);
    if (!isQuestion(question)) {
      const error = new Error('asked something that is no question');
      return this.carryOut(found, this.failed(found, params, error));
    }
    this.session.asksAgain(question.stage);
    const answer = runtime.stages.ask(question.stage, question.input, this.session, this.cancel);
    if (isPromise(answer)) return answer.then((settled) => this.asked(found, params, settled));
    return this.asked(found, params, answer);
  }

  private asked(found: RegisteredVerb, params: unknown, answer: Answer): MaybePromise<void> {
    if (this.cause !== undefined) return;
    if (answer.refusal === undefined) return this.perform(found, params);
    const { refusal, by } = answer;
    const effect = found.verb.refusalEffect?.(params);
    if (effect?.type === 'skip-chunk' && refusal.kind !== 'hangup') {
      this.decide({ by, reply: refusal.reply, reason: refusal.reason });
      return this.skip(effect.octets, refusal.reply);
    }
    this.refuseCommand(found, refusal.reply, by, refusal.reason);
    if (refusal.kind === 'hangup' || effect?.type === 'close') this.close('policy');
  }

  private perform(found: RegisteredVerb, params: unknown): MaybePromise<void> {
    let outcome: MaybePromise<VerbOutcome>;
    try {
      outcome = found.verb.perform(params, this.session);
    } catch (error) {
      outcome = this.failed(found, params, error);
    }
    if (!isPromise(outcome)) return this.carryOut(found, this.checked(found, params, outcome));
    return this.inTime(outcome).then(
      (settled) => this.carryOut(found, this.checked(found, params, settled)),
      (error: unknown) => this.carryOut(found, this.failed(found, params, error)),
    );
  }

  private checked(found: RegisteredVerb, params: unknown, outcome: VerbOutcome): VerbOutcome {
    if (isVerbOutcome(outcome)) return outcome;
    return this.failed(found, params, new Error('performed to something that is no outcome'));
  }

  /** A verb has the time that a policy has; one that never answers must not hold its session for ever. */
  private inTime(outcome: PromiseLike<VerbOutcome>): Promise<VerbOutcome> {
    const { clock, timeouts } = this.runtime;
    return new Promise((resolve, reject) => {
      const alarm = clock.after(timeouts.policy, () => reject(new Error(`no answer within ${timeouts.policy} ms`)));
      Promise.resolve(outcome)
        .finally(() => alarm.cancel())
        .then(resolve, reject);
    });
  }

  private failed(found: RegisteredVerb, params: unknown, error: unknown): VerbOutcome {
    // Without params there was no command to undo: a line of a conversation.
    const effect = params === undefined ? undefined : found.verb.refusalEffect?.(params);
    const answer = this.fault(found, error);
    return effect === undefined ? { reply: answer } : { reply: answer, effect };
  }

  private carryOut(found: RegisteredVerb, outcome: VerbOutcome): MaybePromise<void> {
    if (this.cause !== undefined) return;
    const { reply: answer, effect } = outcome;
    if (!answer.positive) {
      if (effect?.type === 'skip-chunk') return this.skip(effect.octets, answer);
      this.refuseCommand(found, answer, `verb ${found.verb.name}`, undefined);
      if (effect?.type === 'close') this.close('protocol');
      return;
    }
    if (this.outOfStep(found)) return this.unsynchronized();
    if (effect === undefined) return this.say(answer);
    return this.effect(effect, answer, found);
  }

  private effect(effect: Effect, answer: Reply, found: RegisteredVerb): MaybePromise<void> {
    const { session } = this;
    switch (effect.type) {
      case 'greet':
        this.endTransaction('aborted', undefined, [], 'a new greeting');
        session.heloName = effect.name;
        session.extended = effect.extended;
        session.phase = 'greeted';
        return this.say(answer);
      case 'begin':
        return this.begin(effect, answer);
      case 'recipient':
        return this.recipient(effect, answer);
      case 'receive-dot':
        this.data = this.newData();
        if (this.data === undefined) return this.refuse(LOCAL_ERROR, 'verb', 'mail data without a transaction');
        this.protocol.expectData();
        return this.say(answer);
      case 'receive-chunk':
        return this.receiveChunk(effect, answer);
      case 'skip-chunk':
        return this.skip(effect.octets, answer);
      case 'reset':
        this.endTransaction('aborted', undefined, [], 'reset');
        return this.say(answer);
      case 'converse':
        this.answer = effect.answer;
        this.conversing = found;
        this.protocol.expectLine(CONVERSE_LINE);
        return this.say(answer);
      case 'identify':
        session.identity = effect.identity;
        return this.say(answer);
      case 'close':
        this.say(answer);
        return this.close('quit');
    }
  }

  private line(line: Uint8Array): MaybePromise<void> {
    const { answer, conversing, runtime, session } = this;
    runtime.watchers.lineReceived(session);
    this.answer = undefined;
    this.conversing = undefined;
    this.protocol.expectCommand();
    if (answer === undefined || conversing === undefined) return;
    let outcome: MaybePromise<VerbOutcome>;
    try {
      outcome = answer(line);
    } catch (error) {
      outcome = this.failed(conversing, undefined, error);
    }
    if (!isPromise(outcome)) return this.carryOut(conversing, this.checked(conversing, undefined, outcome));
    return this.inTime(outcome).then(
      (settled) => this.carryOut(conversing, this.checked(conversing, undefined, settled)),
      (error: unknown) => this.carryOut(conversing, this.failed(conversing, undefined, error)),
    );
  }

  private begin(effect: Effect & { type: 'begin' }, answer: Reply): void {
    const { runtime, session } = this;
    // What was under way has ended, and this is something new.
    if (this.draining) return this.hangup(SHUTTING_DOWN, 'shutdown');
    if (this.transactions >= runtime.limits.messages) return this.limit('messages', TOO_MANY_MESSAGES);
    this.transactions += 1;
    this.idleCommands = 0;
    if (this.transaction !== undefined) this.endTransaction('aborted', undefined, [], 'a new transaction');
    this.transaction = new MailTransaction(
      `${session.id}.${this.transactions}`,
      effect.reversePath,
      effect.parameters,
      session,
      runtime,
    );
    session.envelope = this.transaction.envelope;
    session.phase = 'mail';
    this.say(answer);
  }

  private recipient(effect: Effect & { type: 'recipient' }, answer: Reply): MaybePromise<void> {
    const { transaction, runtime } = this;
    if (transaction === undefined) return this.refuse(LOCAL_ERROR, 'verb', 'a recipient without a transaction');
    this.idleCommands = 0;
    if (transaction.envelope.recipients.length >= runtime.limits.recipients) {
      runtime.watchers.limitReached(this.session, 'recipients');
      return this.refuse(TOO_MANY_RECIPIENTS, 'limit recipients', undefined);
    }
    const words = transaction.offer(effect.mailbox, effect.parameters);
    return isPromise(words) ? words.then((settled) => this.offered(settled, answer)) : this.offered(words, answer);
  }

  private offered(words: Reply | undefined, answer: Reply): void {
    if (this.cause !== undefined) return;
    if (words !== undefined && !words.positive) return this.refuse(words, 'delivery', undefined);
    this.session.phase = 'rcpt';
    this.say(words ?? answer);
  }

  private unknownVerb(name: string): void {
    this.unknown += 1;
    if (this.unknown > this.runtime.limits.unknownCommands) return this.limit('unknownCommands', TOO_MANY_UNKNOWN);
    this.refuse(this.runtime.verbs.unknown(name), 'protocol', undefined);
  }

  private violated(event: ServerEvent & { type: 'violation' }): void {
    this.commands += 1;
    this.refuse(event.reply, 'protocol', event.violation);
    if (event.fatal) return this.close('protocol');
    if (this.conversing === undefined) return;
    // A line of a conversation that makes no sense ends it: what comes next is a command, and not a late answer.
    this.conversing = undefined;
    this.answer = undefined;
    if (this.protocol.buffered) this.unsynchronized();
    else this.protocol.expectCommand();
  }

  /**
   * Something was sent behind a command that must end its group, before its reply: it may be mail data for a DATA that is being refused, and must
   * not be executed.
   */
  private outOfStep(found: RegisteredVerb): boolean {
    return found.endsBatch && this.protocol.buffered && this.runtime.limits.pipelining === 'strict';
  }

  private refuseCommand(found: RegisteredVerb, answer: Reply, by: string, reason: string | undefined): void {
    if (this.outOfStep(found)) this.unsynchronized();
    else this.refuse(answer, by, reason);
  }

  private unsynchronized(): void {
    this.runtime.watchers.limitReached(this.session, 'pipelining');
    this.refuse(NOT_SYNCHRONIZED, 'limit pipelining', undefined);
    this.close('protocol');
  }

  private refuse(answer: Reply, by: string, reason: string | undefined): void {
    this.decide({ by, reply: answer, reason });
    this.say(answer);
  }

  private refusedBy(answer: Answer): void {
    if (answer.refusal === undefined) return;
    this.refuse(answer.refusal.reply, answer.by, answer.refusal.reason);
  }

  /** What a verb throws costs its command: its own words if it has some that refuse, else 451. */
  private fault(found: RegisteredVerb, error: unknown): Reply {
    this.runtime.watchers.faultCaught(this.session, `verb ${found.verb.name}`, error);
    return error instanceof SmtpError && !error.reply.positive ? error.reply : LOCAL_ERROR;
  }

  // Mail data

  private newData(): DataPhase | undefined {
    const { transaction } = this;
    if (transaction === undefined) return undefined;
    this.idleCommands = 0;
    return new DataPhase(this.runtime, this.session, transaction, this.cancel, this);
  }

  /** The reader of mail data has taken what there was: go on reading. */
  hungry(): void {
    if (this.data !== undefined) this.data.movedAt = this.runtime.sweeper.now;
    if (!this.busy) this.wire.more();
  }

  private receiveChunk(effect: Effect & { type: 'receive-chunk' }, answer: Reply): void {
    this.data ??= this.newData();
    if (this.data === undefined) return this.skip(effect.octets, LOCAL_ERROR);
    if (effect.octets > 0) this.idleCommands = 0;
    this.session.phase = 'bdat';
    this.chunkReply = answer;
    this.lastChunk = effect.last;
    this.data.announce(effect.octets);
    const binary = this.transaction?.envelope.parameters.BODY === 'BINARYMIME';
    this.protocol.expectChunk(effect.octets, binary, effect.last);
  }

  private skip(octets: number, answer: Reply): void {
    // A message without one of its chunks must never be completed by those pipelined behind it.
    const { phase } = this.session;
    if (phase === 'rcpt' || phase === 'bdat') this.endTransaction('refused', answer, [], answer.text);
    this.chunkReply = answer;
    this.skipping = true;
    this.skipped = 0;
    this.protocol.expectChunk(octets, true, true);
  }

  private body(chunk: Uint8Array): void {
    if (this.skipping) {
      this.skipped += chunk.length;
      if (this.skipped > this.runtime.limits.messageSize) this.limit('messageSize', HOPELESS);
      return;
    }
    const { data } = this;
    if (data === undefined) return;
    data.push(chunk);
    if (data.hopeless) this.limit('messageSize', HOPELESS);
  }

  private bodyEnd(event: ServerEvent & { type: 'bodyEnd' }): MaybePromise<void> {
    const { chunkReply, data } = this;
    this.chunkReply = undefined;
    if (this.skipping) {
      this.skipping = false;
      if (chunkReply !== undefined) this.say(chunkReply);
      return;
    }
    if (data === undefined) return;
    if (event.reply !== undefined) data.refuse(event.reply, 'protocol', event.fault);
    if (chunkReply !== undefined && !this.lastChunk) return this.chunkEnd(data, chunkReply);
    this.runtime.watchers.dataReceived(this.session, this.transaction?.size ?? 0);
    const end = data.finish();
    return isPromise(end) ? end.then((settled) => this.answered(settled)) : this.answered(end);
  }

  private chunkEnd(data: DataPhase, answer: Reply): void {
    data.flow();
    if (data.failure === undefined) return this.say(answer);
    // RFC 3030 3: a chunk that fails fails the transaction; what is pipelined behind it is refused, and its bytes are dropped.
    const { failure } = data;
    this.endTransaction('refused', failure, [], failure.text);
    this.say(failure);
  }

  private answered(end: DataEnd): void {
    if (this.cause !== undefined) return;
    const lmtp = this.runtime.info.protocol === 'lmtp';
    if (end.outcomes === undefined) {
      const count = lmtp ? (this.transaction?.envelope.recipients.length ?? 1) : 1;
      this.endTransaction('refused', end.reply, [], end.reply.text);
      this.conclude(Array.from({ length: count }, () => end.reply));
      if (end.hangup) this.close('policy');
      return;
    }
    const { outcomes } = end;
    const answer = oneReply(outcomes);
    if (outcomes.some((outcome) => outcome.reply.positive)) this.delivered += 1;
    this.endTransaction('committed', answer, outcomes, '');
    if (lmtp) this.conclude(outcomes.map((outcome) => outcome.reply));
    else if (answer.positive) this.say(answer);
    else this.conclude([answer]);
  }

  /**
   * Says what became of a message: in LMTP a reply for each recipient, in their order (RFC 2033 4.2). All of them are said before a limit is
   * looked at, as each is about mail that is or is not somewhere.
   */
  private conclude(answers: readonly Reply[]): void {
    for (const answer of answers) {
      if (answer.code >= 400) this.errors += 1;
      this.speak(answer);
    }
    if (this.errors > this.runtime.limits.errors) this.limit('errors', TOO_MANY_ERRORS);
  }

  private endTransaction(
    end: 'committed' | 'refused' | 'aborted',
    answer: Reply | undefined,
    outcomes: readonly Outcome[],
    reason: string,
  ): void {
    const { transaction, session } = this;
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
    this.protocol.endChunks();
    session.endTransaction();
  }

  private tellCommand(found: RegisteredVerb | undefined, name: string, args: string): void {
    // What no plugin knows may be a mistyped AUTH, or the password itself: its arguments are nobody's business (attack A23).
    const secret = found === undefined || found.verb.secret === true;
    const shown = found === undefined && !/^[A-Z0-9]{1,12}$/.test(name) ? '***' : name;
    const line = args === '' ? shown : `${shown} ${secret ? '***' : cleanText(args)}`;
    this.runtime.watchers.commandReceived(this.session, line);
  }
}
