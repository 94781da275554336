/**
 * Delivery strategies: who takes responsibility for a message.
 *
 * A transaction, in this order and never otherwise:
 *
 *     begin(envelope, session) → recipient(r) × n → body(bytes) → commit() → outcomes
 *                    └───────────────┴───────────────┴──→ abort(reason)
 *
 * - `begin` is called before the first recipient that the policies accepted is offered; the envelope grows as recipients are accepted.
 * - `recipient` is the strategy's own say on each.
 * - `body` reads to the end before it returns; nothing may be visible to anybody yet.
 * - `commit` makes it so, and says for each recipient what became of it. The reply after the mail data is made of that and
 *   of nothing else: a 250 from `commit` means that the message is as safe as `durability` says.
 * - `abort` may come at any point before `commit`, also while another call is pending, and after a `commit` that threw;
 *   a second one is harmless. Nothing may be left behind.
 *
 * Whatever throws is a 451 for the recipients concerned and a line in the log.
 */
import { reply, type Reply } from '@mailverb/protocol';
import type { Body } from './body.js';
import type { Envelope, Recipient } from './envelope.js';
import type { MaybePromise } from './promise.js';
import type { Session } from './session.js';

/**
 * What a 250 from the strategy survives: `none`, nothing is kept; `memory`, the process must live; `disk`, a crash of the machine
 * is survived (fsync of file and folder); `remote`, another server has said that it took responsibility.
 */
export type Durability = 'none' | 'memory' | 'disk' | 'remote';

/** From least to most; `disk` and `remote` are both as good as a 250 needs. */
export const DURABILITIES: readonly Durability[] = ['none', 'memory', 'disk', 'remote'];

/** The least of several: what a composer that needs all of them can promise. */
export function leastDurable(durabilities: Iterable<Durability>): Durability {
  let least: Durability = 'remote';
  for (const one of durabilities) if (DURABILITIES.indexOf(one) < DURABILITIES.indexOf(least)) least = one;
  return least;
}

/** What became of a message for one recipient: delivered (2xx), to be tried again (4xx) or refused (5xx). */
export interface Outcome {
  readonly recipient: Recipient;
  readonly reply: Reply;
}

/** What a strategy may use while it works. */
export interface DeliveryContext {
  /** Fires when the client has gone, a limit was hit or the server gives up waiting: stop what you started. `abort` follows. */
  readonly signal: AbortSignal;
}

/** Takes responsibility for messages. Built once; may have `start` and `stop` (see Lifecycle). */
export interface DeliveryStrategy {
  readonly durability: Durability;
  /** True if a body must be held (`body.held`) before it is given to this strategy: composers pass on what their parts want. */
  readonly wholeMessage?: boolean;
  begin(envelope: Envelope, session: Session, context: DeliveryContext): MaybePromise<DeliveryTransaction>;
  /**
   * What the reply to EHLO may offer, where the strategy can only do what somebody else can (a live proxy): asked for each keyword that the listener
   * offers, with what follows it. Gives that back, or something less, or `false` where the keyword is not to be offered. Absent means that all may be.
   */
  offers?(keyword: string, argument: string | undefined, session: Session): string | undefined | false;
  /** A session has ended, after its last transaction: lets go of what is kept for it. Must not throw. */
  sessionClosed?(session: Session): void;
}

/** What several strategies may offer together: what each of them may. Composers use it for their `offers`. */
export function offeredByAll(
  strategies: Iterable<DeliveryStrategy>,
  keyword: string,
  argument: string | undefined,
  session: Session,
): string | undefined | false {
  let offered: string | undefined | false = argument;
  for (const strategy of strategies) {
    if (strategy.offers !== undefined) offered = strategy.offers(keyword, offered, session);
    if (offered === false) return false;
  }
  return offered;
}

/** One message on its way through a strategy. */
export interface DeliveryTransaction {
  /**
   * Undefined: taken, the verb's own words will do. 2xx: taken, in these words. 4xx or 5xx: this recipient is refused, the others are not.
   */
  recipient(recipient: Recipient): MaybePromise<Reply | undefined>;
  /** Reads the body to its end, or throws. */
  body(body: Body): MaybePromise<void>;
  /** One outcome for each recipient that was taken, in that order. */
  commit(): MaybePromise<readonly Outcome[]>;
  abort(reason: string): MaybePromise<void>;
}

/** One reply for all recipients: what most strategies return from `commit`. */
export function outcomes(recipients: readonly Recipient[], answer: Reply): readonly Outcome[] {
  return recipients.map((recipient) => ({ recipient, reply: answer }));
}

/** `250 2.0.0 Ok: <what>`, as most strategies say it. */
export function delivered(what: string): Reply {
  return reply(250, '2.0.0', `Ok: ${what}`);
}
