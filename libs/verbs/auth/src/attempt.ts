/**
 * One attempt to authenticate: from the first response to the end of the exchange.
 *
 * Whatever ends it after the client has said who it is, and is no success, is a failure: counted (see failure-counts.ts), answered late, and of a
 * session that may have only so many. It is answered at a time that counts from the claim and not from when the check was done, so that how
 * long that took is nobody's to measure (attack A18).
 */
import {
  SmtpError,
  slot,
  type Clock,
  type SaslExchange,
  type SaslMechanism,
  type SaslStep,
  type Session,
  type VerbInquiry,
  type VerbOutcome,
  type VerbStep,
} from '@mailverb/contract';
import { cleanText, reply, type Reply } from '@mailverb/protocol';
import { decodeBase64, encodeBase64 } from '@mailverb/sasl-text';
import type { FailureRules } from './auth.options.js';
import { causeOf, wordsOf } from './cause.js';
import type { CountedAttempt, FailureCounts } from './failure-counts.js';
import { AUTHENTICATED, CANCELLED, MALFORMED, NOT_BASE64, NOT_NOW, TOO_MANY, WRONG } from './replies.js';

/** Failures of the session so far; those before STARTTLS count too. */
const FAILURES = slot<number>('failures of AUTH', 'connection', { survivesTls: true });

const ASTERISK = 0x2a;
/** Of a name, in a reason. */
const LONGEST_SHOWN = 255;

/** What is the same for all attempts of a listener. */
export interface AttemptRules {
  readonly failures: FailureRules;
  readonly counts: FailureCounts;
  readonly clock: Clock;
}

type Claim = Extract<SaslStep, { type: 'claim' }>;
type Success = Extract<SaslStep, { type: 'success' }>;

/** Made for one attempt, and held by nobody but the conversation about it. */
export class Attempt {
  readonly #mechanism: SaslMechanism;
  readonly #session: Session;
  readonly #rules: AttemptRules;
  #exchange: SaslExchange | undefined;
  /** Whom the client says it is, once it has. */
  #claimed: string | undefined;
  /** When the attempt was counted, and what it was counted as. */
  #startedAt = 0;
  #counted: CountedAttempt | undefined;

  constructor(mechanism: SaslMechanism, session: Session, rules: AttemptRules) {
    this.#mechanism = mechanism;
    this.#session = session;
    this.#rules = rules;
  }

  /** The client's next response, decoded; undefined if there is none. */
  respond(response: Uint8Array | undefined): Promise<VerbStep> {
    return this.#next(() => (this.#exchange ??= this.#mechanism.begin(this.#session)).step(response));
  }

  async #next(call: () => ReturnType<SaslExchange['step']>): Promise<VerbStep> {
    let step: SaslStep;
    try {
      step = await call();
    } catch (error) {
      throw this.#fault(`can't tell: ${causeOf(error)}`);
    }
    switch (step.type) {
      case 'challenge':
        return this.#ask(step.data, (response) => this.respond(response));
      case 'claim':
        return this.#claim(step);
      case 'success':
        return this.#success(step);
      case 'failure':
        if (step.kind === 'malformed') return this.#end(MALFORMED, `malformed: ${step.reason}`);
        if (this.#counted === undefined) throw this.#fault('has come to an end without a claim');
        return this.#end(WRONG, `${step.kind}: ${step.reason}`);
      default:
        throw this.#fault('has come to no step that there is');
    }
  }

  #ask(data: Uint8Array, then: (response: Uint8Array) => VerbStep | Promise<VerbStep>): VerbStep {
    if (!(data instanceof Uint8Array)) throw this.#fault('has a challenge that is not of octets');
    return {
      reply: reply(334, undefined, encodeBase64(data)),
      effect: { type: 'converse', answer: (line) => this.#answered(line, then) },
    };
  }

  /** A line of the client: nothing of it is kept, as it is read into octets of its own at once. */
  #answered(
    line: Uint8Array,
    then: (response: Uint8Array) => VerbStep | Promise<VerbStep>,
  ): VerbStep | Promise<VerbStep> {
    if (line.length === 1 && line[0] === ASTERISK) return this.#end(CANCELLED, 'cancelled by the client');
    const response = decodeBase64(line);
    return response === undefined ? this.#end(NOT_BASE64, 'the response is not base64') : then(response);
  }

  #claim({ name, proceed }: Claim): VerbStep {
    if (this.#claimed !== undefined) throw this.#fault('has made two claims');
    if (typeof name !== 'string') throw this.#fault('has made a claim without a name');
    this.#claimed = name;
    return this.#inquiry(name, () => this.#check(name, proceed));
  }

  /**
   * Asks the policies: of whom the client says it is, and of whom it will act as where that turns out to be another (an authorization identity,
   * whom a token or a certificate stands for): no policy has seen that name yet.
   */
  #inquiry(identity: string, proceed: VerbInquiry['proceed']): VerbInquiry {
    const input = { session: this.#session, mechanism: this.#mechanism.name, identity };
    return { ask: { stage: 'auth', input }, proceed };
  }

  /** Nobody has refused: counts the attempt, and has it checked. */
  async #check(name: string, proceed: Claim['proceed']): Promise<VerbStep> {
    const { clock, counts } = this.#rules;
    this.#startedAt = clock.now();
    const counted = await this.#stored(() => counts.begin(this.#session, name));
    if ('locked' in counted) return this.#late(NOT_NOW, `${counted.locked} is locked out`, counted.failures);
    this.#counted = counted;
    return this.#next(proceed);
  }

  async #success({ name, data }: Success): Promise<VerbStep> {
    const counted = this.#counted;
    if (counted === undefined) throw this.#fault('has come to an end without a claim');
    // It goes into logs and header fields (attack A6).
    if (typeof name !== 'string' || name === '' || hasControl(name)) {
      throw this.#fault('has found somebody whose name is none');
    }
    await this.#stored(() => counted.succeeded());
    const outcome: VerbOutcome = {
      reply: AUTHENTICATED,
      effect: { type: 'identify', identity: { name, mechanism: this.#mechanism.name } },
    };
    const end = name === this.#claimed ? outcome : this.#inquiry(name, () => outcome);
    if (data === undefined) return end;
    // RFC 4954 4: SMTP has no place for data beside the success, so it is a challenge whose answer is empty.
    return this.#ask(data, (response) => {
      return response.length === 0 ? end : { reply: MALFORMED, reason: 'an answer to what wants none' };
    });
  }

  /** An end that is no success: a failure, if somebody was claimed; else nothing was at stake. */
  #end(answer: Reply, reason: string): VerbStep | Promise<VerbStep> {
    const counted = this.#counted;
    return counted === undefined ? { reply: answer, reason } : this.#late(answer, reason, counted.failures);
  }

  async #late(answer: Reply, reason: string, failures: number): Promise<VerbOutcome> {
    const { perSession, delay, maxDelay } = this.#rules.failures;
    const session = this.#session;
    const inSession = (session.get(FAILURES) ?? 0) + 1;
    session.set(FAILURES, inSession);
    // 2 ** 60 is later than any limit, and no number that cannot be reckoned with.
    const wait = Math.min(maxDelay, delay * 2 ** Math.min(failures - 1, 60));
    await this.#until(this.#startedAt + wait);
    const name = cleanText(this.#claimed ?? '').slice(0, LONGEST_SHOWN);
    const cause = name === '' ? reason : `${reason} (${name})`;
    if (perSession === 0 || inSession < perSession) return { reply: answer, reason: cause };
    return { reply: TOO_MANY, reason: cause, effect: { type: 'close' } };
  }

  async #until(time: number): Promise<void> {
    const { clock } = this.#rules;
    const ms = time - clock.now();
    if (ms > 0) await new Promise<void>((resolve) => void clock.after(ms, resolve));
  }

  async #stored<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.#fault(`can't be counted: ${wordsOf(error)}`);
    }
  }

  /** Nobody can tell, so nobody is let in (attack A26); the log is told why. What was counted stays: others may have said no. */
  #fault(what: string): SmtpError {
    const { name } = this.#mechanism;
    return new SmtpError(NOT_NOW, `mechanism ${name} ${what}`, { mechanism: name });
  }
}

/** C0, DEL, C1, and what Unicode calls the end of a line. */
function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code === 0x2028 || code === 0x2029) return true;
  }
  return false;
}
