/**
 * Rate limits: how much may pass in which time, by token buckets in the store that all sessions and processes share.
 *
 * Each thing is counted once, where it is first known: connections before the greeting, messages at MAIL, recipients at RCPT, octets when the message
 * has come. What is asked for is counted, not what becomes of it: a policy behind this one, the delivery or the client may still say no.
 *
 * What a rule refuses costs nothing, or who tries again too soon would never get through; and where a later rule refuses, what earlier ones have
 * taken is put back, or one client that is refused for itself could use up what all have together.
 *
 * A store that fails is an error that is let through: the core defers, and nothing passes uncounted (attack A26).
 */
import {
  Clock,
  Options,
  Store,
  isPromise,
  pass,
  type ConnectInput,
  type MailInput,
  type MaybePromise,
  type MessageInput,
  type Policy,
  type PolicyContext,
  type RcptInput,
  type Refusal,
  type Verdict,
} from '@mailverb/contract';
import { matchesCidr } from '@mailverb/options';
import { inject, injectable } from 'tsyringe';
import type { Counted, RateLimitOptions } from './rate-limit.options.js';
import { Rule, type Taken } from './rule.js';
import type { Facts } from './subject.js';

const PASS = pass();

/** One bucket to take from. */
interface Due {
  readonly rule: Rule;
  readonly key: string;
}

/** The policy rate-limit. */
@injectable()
export class RateLimitPolicy implements Policy {
  // Only declared: the core lists a policy at the stages for which the property is there, so the constructor makes those alone.
  declare readonly connect?: Policy['connect'];
  declare readonly mail?: Policy['mail'];
  declare readonly rcpt?: Policy['rcpt'];
  declare readonly message?: Policy['message'];
  readonly #rules: readonly Rule[];
  readonly #exempt: RateLimitOptions['exempt'];
  /** A list that nobody is on need not be asked: reading an address costs a microsecond. */
  readonly #hasNetworks: boolean;

  constructor(@inject(Options) options: RateLimitOptions, @inject(Store) store: Store, @inject(Clock) clock: Clock) {
    this.#rules = options.rules.map((rule) => new Rule(rule, store, clock));
    this.#exempt = options.exempt;
    this.#hasNetworks = options.exempt.networks.rules.length > 0;
    const counts = (...of: readonly Counted[]) => options.rules.some((rule) => of.includes(rule.of));
    if (counts('connections')) this.#say('connect', this.#connect);
    if (counts('messages', 'bytes')) this.#say('mail', this.#mail);
    if (counts('recipients')) this.#say('rcpt', this.#rcpt);
    if (counts('bytes')) this.#say('message', this.#message);
  }

  #say(stage: 'connect' | 'mail' | 'rcpt' | 'message', value: unknown): void {
    Object.defineProperty(this, stage, { value, enumerable: true });
  }

  readonly #connect = ({ session }: ConnectInput, context: PolicyContext): MaybePromise<Verdict> =>
    this.#take('connections', 1, { session, sender: null, recipient: undefined }, context);

  readonly #mail = ({ session, reversePath, parameters }: MailInput, context: PolicyContext): MaybePromise<Verdict> => {
    const facts: Facts = { session, sender: reversePath, recipient: undefined };
    // RFC 1870 6.1: what is announced as too much need not be sent. It is only counted once it has come.
    const refusal = parameters.SIZE === undefined ? undefined : this.#look(parameters.SIZE, facts);
    const next = (refused: Refusal | undefined) => refused ?? this.#take('messages', 1, facts, context);
    return isPromise(refusal) ? refusal.then(next) : next(refusal);
  };

  readonly #rcpt = ({ session, envelope, mailbox }: RcptInput, context: PolicyContext): MaybePromise<Verdict> =>
    this.#take('recipients', 1, { session, sender: envelope.reversePath, recipient: mailbox }, context);

  readonly #message = ({ session, envelope, size }: MessageInput, context: PolicyContext): MaybePromise<Verdict> =>
    this.#take('bytes', size, { session, sender: envelope.reversePath, recipient: undefined }, context);

  #take(of: Counted, amount: number, facts: Facts, context: PolicyContext): MaybePromise<Verdict> {
    const due = this.#due(of, facts);
    return neverFits(due, amount) ?? this.#takeFrom(due, [], amount, context);
  }

  /** Takes from those that are left. Synchronous until the store is not. */
  #takeFrom(due: readonly Due[], had: readonly Taken[], amount: number, context: PolicyContext): MaybePromise<Verdict> {
    const [next, ...rest] = due;
    if (next === undefined) return PASS;
    const go = (taken: Taken | Refusal): MaybePromise<Verdict> =>
      'kind' in taken ? refuse(taken, had) : this.#takeFrom(rest, [...had, taken], amount, context);
    const taken = next.rule.take(next.key, amount);
    if (!isPromise(taken)) return go(taken);
    const { signal } = context;
    return taken.then((settled) => {
      // The time is up or the client has gone: nobody hears the answer any more.
      signal.throwIfAborted();
      return go(settled);
    });
  }

  /** Whether there is room for what is announced. */
  #look(octets: number, facts: Facts): MaybePromise<Refusal | undefined> {
    const due = this.#due('bytes', facts);
    return neverFits(due, octets) ?? this.#lookAt(due, octets);
  }

  #lookAt([next, ...rest]: readonly Due[], octets: number): MaybePromise<Refusal | undefined> {
    if (next === undefined) return undefined;
    const refusal = next.rule.look(next.key, octets);
    const go = (refused: Refusal | undefined) => refused ?? this.#lookAt(rest, octets);
    return isPromise(refusal) ? refusal.then(go) : go(refusal);
  }

  #due(of: Counted, facts: Facts): readonly Due[] {
    const { networks, authenticated } = this.#exempt;
    const { remoteAddress, identity } = facts.session;
    if (authenticated.has(identity) || (this.#hasNetworks && matchesCidr(networks, remoteAddress))) return [];
    return this.#rules.flatMap((rule) => {
      const key = rule.of === of ? rule.keyFor(facts) : undefined;
      return key === undefined ? [] : [{ rule, key }];
    });
  }
}

/** The refusal of what could never pass, however long one waits. */
function neverFits(due: readonly Due[], amount: number): Refusal | undefined {
  for (const { rule } of due) {
    const never = rule.tooBig(amount);
    if (never !== undefined) return never;
  }
  return undefined;
}

/** Puts back what the rules before this one have taken. */
function refuse(refusal: Refusal, had: readonly Taken[]): MaybePromise<Verdict> {
  const returning = had.map((taken) => taken.giveBack());
  return returning.some(isPromise) ? Promise.all(returning).then(() => refusal) : refusal;
}
