/**
 * Delay: makes clients wait for answers, so that what comes in great numbers comes slowly: guesses of passwords and addresses, messages to very many. It
 * refuses nobody, and vouches for nobody.
 *
 * It is asked before the others have said anything, so a failure makes whoever has failed wait for the next answer, and not for this one.
 */
import {
  Clock,
  Options,
  pass,
  type Envelope,
  type MaybePromise,
  type Policy,
  type PolicyContext,
  type Session,
  type Verdict,
} from '@mailverb/contract';
import { inject, injectable } from 'tsyringe';
import type { Delayed, DelayOptions, Growing } from './delay.options.js';
import { asksFor, failuresOf, sends, triesAuth } from './failures.js';
import { WaitingRoom } from './waiting-room.js';

const PASS = pass();

/** What all stages have. */
interface Input {
  readonly session: Session;
}

/** The policy delay. */
@injectable()
export class DelayPolicy implements Policy {
  // Only declared: the core lists a policy at the stages for which the property is there, so the constructor makes those alone.
  declare readonly connect?: Policy['connect'];
  declare readonly helo?: Policy['helo'];
  declare readonly auth?: Policy['auth'];
  declare readonly mail?: Policy['mail'];
  declare readonly rcpt?: Policy['rcpt'];
  declare readonly data?: Policy['data'];
  readonly #options: DelayOptions;
  readonly #room: WaitingRoom;

  constructor(@inject(Options) options: DelayOptions, @inject(Clock) clock: Clock) {
    this.#options = options;
    this.#room = new WaitingRoom(options, clock);
    const { at, recipients, failures } = options;
    const fails = failures !== undefined;
    if (at.connect > 0) this.#say('connect', this.#plain('connect'));
    if (at.helo > 0) this.#say('helo', this.#plain('helo'));
    if (at.auth > 0 || fails) this.#say('auth', this.#auth);
    if (at.mail > 0 || fails) this.#say('mail', this.#mail);
    if (at.rcpt > 0 || fails || recipients !== undefined) this.#say('rcpt', this.#rcpt);
    if (at.data > 0 || fails) this.#say('data', this.#data);
  }

  /** How many sessions wait. */
  get waiting(): number {
    return this.#room.waiting;
  }

  #say<S extends Delayed>(stage: S, value: NonNullable<Policy[S]>): void {
    Object.defineProperty(this, stage, { value, enumerable: true });
  }

  #plain(stage: Delayed) {
    return ({ session }: Input, context: PolicyContext) => this.#wait(session, this.#options.at[stage], context);
  }

  readonly #auth = ({ session }: Input, context: PolicyContext): MaybePromise<Verdict> => {
    const ms = this.#options.at.auth + this.#forFailures(session, undefined);
    triesAuth(session);
    return this.#wait(session, ms, context);
  };

  readonly #mail = ({ session }: Input, context: PolicyContext): MaybePromise<Verdict> =>
    this.#wait(session, this.#options.at.mail + this.#forFailures(session, undefined), context);

  readonly #rcpt = (
    { session, envelope }: Input & { readonly envelope: Envelope },
    context: PolicyContext,
  ): MaybePromise<Verdict> => {
    const { at, recipients } = this.#options;
    const ms = at.rcpt + grown(recipients, envelope.recipients.length) + this.#forFailures(session, envelope);
    asksFor(session);
    return this.#wait(session, ms, context);
  };

  readonly #data = (
    { session, envelope }: Input & { readonly envelope: Envelope },
    context: PolicyContext,
  ): MaybePromise<Verdict> => {
    sends(session, envelope);
    return this.#wait(session, this.#options.at.data, context);
  };

  /** The last of them is the one to wait for. */
  #forFailures(session: Session, envelope: Envelope | undefined): number {
    const { failures } = this.#options;
    return failures === undefined ? 0 : grown(failures, failuresOf(session, envelope) - 1);
  }

  #wait(session: Session, ms: number, context: PolicyContext): MaybePromise<Verdict> {
    const allowed = ms === 0 ? 0 : this.#room.allowed(session, ms);
    return allowed === 0 ? PASS : this.#room.wait(session, allowed, context.signal).then(() => PASS);
  }
}

/** The wait where there are so many before this one. */
function grown(waits: Growing | undefined, before: number): number {
  if (waits === undefined || before < waits.after) return 0;
  return waits.delay * waits.factor ** (before - waits.after);
}
