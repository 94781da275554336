/**
 * The conversation of one session: events of the protocol become commands, verbs answer, policies are asked, effects are carried out.
 *
 * For every command, in this order: known? legal now? parse, ask the stage's policies, perform, reply, effect. All of it is synchronous until a
 * plugin returns a promise; then the conversation is `busy`, asks the protocol for nothing, and goes on when the promise has settled.
 */
import {
  isPromise,
  type Effect,
  type MaybePromise,
  type RepresentedClient,
  type SessionRecord,
  type StageQuestion,
  type TlsFacts,
  type VerbOutcome,
  type VerbStep,
  type Decision,
} from '@mailverb/contract';
import { cleanText, reply, ServerProtocol, type Reply, type ServerEvent } from '@mailverb/protocol';
import type { ListenerRuntime } from '../listener/runtime.js';
import { isQuestion, isReply, isVerbInquiry } from '../plugin-answers.js';
import type { RegisteredVerb } from '../registry/verb-registry.js';
import { Cancellation } from '../session/cancellation.js';
import type { SessionState } from '../session/session-state.js';
import type { Answer } from '../stages/stage-runner.js';
import type { DataPhase } from './data-phase.js';
import { MailFlow, type Talk } from './mail-flow.js';
import { VerbCalls } from './verb-calls.js';

/** The connection, as the conversation sees it. */
export interface Wire {
  /** Writes what is queued. */
  flush(): void;
  /** True while the client does not read and nothing more should be said. */
  readonly blocked: boolean;
  /** Begins TLS; resolves to what was agreed on, or to undefined if nothing was, and then the connection is of no use any more. */
  secure(): Promise<TlsFacts | undefined>;
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
const NOT_SYNCHRONIZED = reply(554, '5.5.0', 'sent before its turn: wait for the reply (limit pipelining)');
const SHUTTING_DOWN = reply(421, '4.3.2', 'server is shutting down');
const LOCAL_GOODBYE = reply(421, '4.3.0', 'local error');

/** What a session does between its greeting and its end. */
export class Conversation implements Talk {
  readonly protocol: ServerProtocol;
  /** True while a plugin is working on an answer. */
  busy = false;
  /** Set once nothing more is to be said: why the session ended. */
  cause: string | undefined = undefined;
  /** Set when the server is going down: idle sessions are told so, transactions may finish. */
  draining = false;
  private readonly mail: MailFlow;
  private readonly verbs: VerbCalls;
  /** A verb converses (AUTH): whose turn it is, and what its next line goes to. */
  private conversing: RegisteredVerb | undefined = undefined;
  private answer: ((line: Uint8Array) => MaybePromise<VerbStep>) | undefined = undefined;
  private cancellation: Cancellation | undefined = undefined;
  private decisions: Decision[] | undefined = undefined;
  private commands = 0;
  private errors = 0;
  private unknown = 0;
  private idleCommands = 0;

  constructor(
    private readonly runtime: ListenerRuntime,
    readonly session: SessionState,
    private readonly wire: Wire,
  ) {
    this.protocol = new ServerProtocol(runtime.protocolOptions);
    this.mail = new MailFlow(runtime, this);
    this.verbs = new VerbCalls(runtime, session);
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
    const { greeting } = runtime;
    this.await(
      isPromise(answer) ? answer.then((settled) => this.welcomed(settled, greeting)) : this.welcomed(answer, greeting),
    );
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
          this.mail.body(event.chunk);
          break;
        case 'bodyEnd':
          this.await(this.mail.bodyEnd(event));
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
    if (!this.busy && this.mail.transaction === undefined) this.hangup(SHUTTING_DOWN, 'shutdown');
  }

  /** The connection is gone, whatever was going on: a message that was not answered is not delivered. */
  gone(cause: string): void {
    this.cause ??= cause;
    this.mail.end('aborted', undefined, [], 'client has gone');
    this.cancellation?.cancel('session is over');
  }

  /** The message that is coming in. */
  get data(): DataPhase | undefined {
    return this.mail.data;
  }

  /** True while mail data is coming, and not only expected. */
  get receiving(): boolean {
    return this.mail.receiving;
  }

  record(octetsIn: number): SessionRecord {
    return {
      endedAt: this.runtime.clock.now(),
      commands: this.commands,
      errors: this.errors,
      transactions: this.mail.transactions,
      delivered: this.mail.delivered,
      octetsIn,
      cause: this.cause ?? 'disconnect',
      decisions: this.decisions ?? [],
    };
  }

  get cancel(): Cancellation {
    return (this.cancellation ??= new Cancellation());
  }

  goodbye(): void {
    this.hangup(SHUTTING_DOWN, 'shutdown');
  }

  worked(): void {
    this.idleCommands = 0;
  }

  more(): void {
    this.wire.more();
  }

  /** TLS from the first octet on (RFC 8314): `then` is called if there is to be a session. */
  secureFirst(then: () => void): void {
    this.busy = true;
    this.wire.secure().then(
      (facts) => {
        this.busy = false;
        if (this.secured(facts)) then();
      },
      (error: unknown) => this.broken(error),
    );
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
    if (!this.mail.settle()) return;
    if (this.draining && this.mail.transaction === undefined && this.cause === undefined) {
      this.hangup(SHUTTING_DOWN, 'shutdown');
      return;
    }
    this.wire.flush();
    this.wire.idle(this.data?.full !== true);
  }

  say(answer: Reply): void {
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

  close(cause: string): void {
    this.cause = cause;
    this.mail.end('aborted', undefined, [], cause);
    this.wire.finish(cause);
  }

  limit(name: string, goodbye: Reply): void {
    if (this.cause !== undefined) return;
    this.runtime.watchers.limitReached(this.session, name);
    this.cause = 'limit';
    this.decide({ by: `limit ${name}`, reply: goodbye, reason: undefined });
    this.speak(goodbye);
    this.close('limit');
  }

  private decide(decision: Decision): void {
    if (this.mail.transaction === undefined) (this.decisions ??= []).push(decision);
    else this.mail.transaction.decided(decision);
  }

  private welcomed(answer: Answer, greeting: Reply): void {
    if (this.cause !== undefined) return;
    if (answer.refusal === undefined) {
      this.say(greeting);
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
    if (found === undefined || found.verb.available?.(this.session) === false) return this.unknownVerb(name);
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
      return this.carryOut(found, this.verbs.failed(found, params, error));
    }
    if (question === undefined) return this.perform(found, params);
    if (!isQuestion(question)) {
      const error = new Error('asked something that is no question');
      return this.carryOut(found, this.verbs.failed(found, params, error));
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
    const effect = this.verbs.refusalEffect(found, params);
    if (effect?.type === 'skip-chunk' && refusal.kind !== 'hangup') {
      this.decide({ by, reply: refusal.reply, reason: refusal.reason });
      return this.mail.skip(effect, refusal.reply);
    }
    this.refuseCommand(found, refusal.reply, by, refusal.reason);
    if (refusal.kind === 'hangup' || effect?.type === 'close') this.close('policy');
  }

  private perform(found: RegisteredVerb, params: unknown): MaybePromise<void> {
    return this.step(found, params, () => found.verb.perform(params, this.session));
  }

  /** A verb's next step: what it comes to, with the questions that come up first. */
  private step(found: RegisteredVerb, params: unknown, call: () => MaybePromise<VerbStep>): MaybePromise<void> {
    const step = this.verbs.step(found, params, call);
    return isPromise(step) ? step.then((settled) => this.stepped(found, settled)) : this.stepped(found, step);
  }

  private stepped(found: RegisteredVerb, step: VerbStep): MaybePromise<void> {
    if (!isVerbInquiry(step)) return this.carryOut(found, step);
    if (this.cause !== undefined) return;
    const { ask, proceed } = step;
    this.session.asksAgain(ask.stage);
    const answer = this.runtime.stages.ask(ask.stage, ask.input, this.session, this.cancel);
    const asked = (settled: Answer): MaybePromise<void> => {
      if (this.cause !== undefined) return;
      if (settled.refusal === undefined) return this.step(found, undefined, proceed);
      this.refuseCommand(found, settled.refusal.reply, settled.by, settled.refusal.reason);
      if (settled.refusal.kind === 'hangup') this.close('policy');
    };
    return isPromise(answer) ? answer.then(asked) : asked(answer);
  }

  private carryOut(found: RegisteredVerb, outcome: VerbOutcome): MaybePromise<void> {
    if (this.cause !== undefined) return;
    const { reply: answer, effect } = outcome;
    if (!answer.positive) {
      if (effect?.type === 'skip-chunk') return this.mail.skip(effect, answer);
      this.refuseCommand(found, answer, `verb ${found.verb.name}`, outcome.reason);
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
        this.mail.end('aborted', undefined, [], 'a new greeting');
        session.heloName = effect.name;
        session.extended = effect.extended;
        session.phase = 'greeted';
        return this.say(answer);
      case 'begin':
        return this.mail.begin(effect, answer);
      case 'recipient':
        return this.mail.recipient(effect, answer);
      case 'receive-dot':
        return this.mail.receiveDot(answer);
      case 'receive-chunk':
        return this.mail.receiveChunk(effect, answer);
      case 'skip-chunk':
        return this.mail.skip(effect, answer);
      case 'reset':
        this.mail.end('aborted', undefined, [], 'reset');
        return this.say(answer);
      case 'converse':
        this.answer = effect.answer;
        this.conversing = found;
        this.protocol.expectLine(CONVERSE_LINE);
        return this.say(answer);
      case 'identify':
        session.identity = effect.identity;
        return this.say(answer);
      case 'upgrade':
        return this.upgrade(answer);
      case 'become':
        return this.become(effect.client, answer);
      case 'forwarded':
        session.forwarded = effect.client;
        return this.say(answer);
      case 'close':
        this.say(answer);
        return this.close('quit');
    }
  }

  /** RFC 3207: the reply, the handshake, and a session that knows nothing of what came before. */
  private upgrade(answer: Reply): MaybePromise<void> {
    if (this.protocol.buffered) {
      // Somebody in the middle may have put it there (CVE-2011-0411, attack A4).
      this.runtime.watchers.limitReached(this.session, 'pipelining');
      this.protocol.dropBuffered();
    }
    this.say(answer);
    if (this.cause !== undefined) return;
    this.wire.flush();
    return this.wire.secure().then((facts) => void this.secured(facts));
  }

  private secured(facts: TlsFacts | undefined): boolean {
    if (this.cause !== undefined) return false;
    if (facts === undefined) {
      this.gone('tls');
      return false;
    }
    this.mail.end('aborted', undefined, [], 'TLS has begun');
    this.session.secure(facts);
    this.runtime.watchers.secured(this.session);
    return true;
  }

  /** XCLIENT: as if the client that is presented had connected, so the policies are asked about it. */
  private become(client: RepresentedClient, greeting: Reply): MaybePromise<void> {
    this.mail.end('aborted', undefined, [], 'another client');
    this.session.represent(client);
    if (!this.runtime.stages.matters('connect')) return this.say(greeting);
    const answer = this.runtime.stages.ask('connect', { session: this.session }, this.session, this.cancel);
    return isPromise(answer)
      ? answer.then((settled) => this.welcomed(settled, greeting))
      : this.welcomed(answer, greeting);
  }

  private line(line: Uint8Array): MaybePromise<void> {
    const { answer, conversing, runtime, session } = this;
    runtime.watchers.lineReceived(session);
    this.answer = undefined;
    this.conversing = undefined;
    this.protocol.expectCommand();
    if (answer === undefined || conversing === undefined) return;
    return this.step(conversing, undefined, () => answer(line));
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

  refuse(answer: Reply, by: string, reason: string | undefined): void {
    this.decide({ by, reply: answer, reason });
    this.say(answer);
  }

  private refusedBy(answer: Answer): void {
    if (answer.refusal === undefined) return;
    this.refuse(answer.refusal.reply, answer.by, answer.refusal.reason);
  }

  /**
   * Says what became of a message: in LMTP a reply for each recipient, in their order (RFC 2033 4.2). All of them are said before a limit is
   * looked at, as each is about mail that is or is not somewhere.
   */
  conclude(answers: readonly Reply[]): void {
    for (const answer of answers) {
      if (answer.code >= 400) this.errors += 1;
      this.speak(answer);
    }
    if (this.errors > this.runtime.limits.errors) this.limit('errors', TOO_MANY_ERRORS);
  }

  private tellCommand(found: RegisteredVerb | undefined, name: string, args: string): void {
    // What no plugin knows may be a mistyped AUTH, or the password itself: its arguments are nobody's business (attack A23).
    const secret = found === undefined || found.verb.secret === true;
    const shown = found === undefined && !/^[A-Z0-9]{1,12}$/.test(name) ? '***' : name;
    const line = args === '' ? shown : `${shown} ${secret ? '***' : cleanText(args)}`;
    this.runtime.watchers.commandReceived(this.session, line);
  }
}
