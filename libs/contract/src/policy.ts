/**
 * Policies: who says yes, no or later.
 *
 * A policy has a method for each stage in which it has a say. At each stage the policies are asked in their configured order:
 *
 * 1. the first refusal decides and ends the question;
 * 2. `accept` does not silence the policies after it, so their order changes which refusal is heard, never whether there is one;
 * 3. annotations accumulate from all that were asked;
 * 4. a policy that throws, rejects or runs past its time budget counts as `defer` with a generic reply, and the cause is logged;
 * 5. at stage `rcpt` unanimous `pass` is "550 5.7.1 relaying denied": some policy must `accept`;
 * 6. a policy in `mode: dry-run` is asked, logged and counted, and its verdict is not used.
 */
import type { Phase } from '@mailverb/protocol';
import type { HeldMessage } from './body.js';
import type { Envelope, MailParameters, RcptParameters } from './envelope.js';
import type { MaybePromise } from './promise.js';
import type { Session } from './session.js';
import type { Verdict } from './verdict.js';
import type { Mailbox, ReversePath } from '@mailverb/protocol';

/** Before the greeting. All there is to see is the session's addresses. */
export interface ConnectInput {
  readonly session: Session;
}

/** HELO, EHLO or LHLO was parsed. Can come again: after STARTTLS, or whenever the client repeats it. */
export interface HeloInput {
  readonly session: Session;
  /** The name as given: a domain or an address literal, syntactically valid. */
  readonly name: string;
  readonly verb: 'HELO' | 'EHLO' | 'LHLO';
}

/** Credentials were decoded; the secret is not shown. */
export interface AuthInput {
  readonly session: Session;
  readonly mechanism: string;
  readonly identity: string;
}

/** MAIL was parsed. */
export interface MailInput {
  readonly session: Session;
  readonly reversePath: ReversePath;
  readonly parameters: Readonly<MailParameters>;
}

/** RCPT was parsed. Earlier recipients are in `envelope.recipients`. */
export interface RcptInput {
  readonly session: Session;
  readonly envelope: Envelope;
  readonly mailbox: Mailbox;
  readonly parameters: Readonly<RcptParameters>;
}

/** DATA, or the first BDAT: the envelope is complete. */
export interface DataInput {
  readonly session: Session;
  readonly envelope: Envelope;
}

/** The whole message has come and nothing was promised yet. */
export interface MessageInput {
  readonly session: Session;
  readonly envelope: Envelope;
  /** Octets of mail data, as received. */
  readonly size: number;
  /** The message itself; only for policies that say `wholeMessage: true`. */
  readonly message: HeldMessage | undefined;
}

/** The input of each stage. */
export interface StageInputs {
  connect: ConnectInput;
  helo: HeloInput;
  auth: AuthInput;
  mail: MailInput;
  rcpt: RcptInput;
  data: DataInput;
  message: MessageInput;
}

/** The stages, in the order of a session. */
export type Stage = keyof StageInputs;

/** All stages. */
export const STAGES: readonly Stage[] = ['connect', 'helo', 'auth', 'mail', 'rcpt', 'data', 'message'];

/** What a policy may use while it thinks. */
export interface PolicyContext {
  /** Fires when the time budget is used up or the client has gone: stop what you started. */
  readonly signal: AbortSignal;
}

/** Has a method for each stage in which it has a say. Holds no per-session state: see slots. */
export interface Policy extends Partial<StageMethods> {
  /** True if its `message` stage must see the message itself: the core then holds it (in memory, or in a file). */
  readonly wholeMessage?: boolean;
}

type StageMethods = {
  [S in Stage]: (input: StageInputs[S], context: PolicyContext) => MaybePromise<Verdict>;
};

/** Which phases a stage is asked in; for documentation and `assembly`. */
export const STAGE_PHASES: Readonly<Record<Stage, readonly Phase[]>> = {
  connect: ['connected'],
  helo: ['connected', 'greeted', 'mail', 'rcpt', 'bdat'],
  auth: ['greeted'],
  mail: ['greeted'],
  rcpt: ['mail', 'rcpt'],
  data: ['rcpt'],
  message: ['rcpt', 'bdat'],
};
