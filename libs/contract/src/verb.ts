/**
 * Verbs: what one SMTP command means.
 *
 * For every command the loop does, in this order: is the verb known, is it legal in this phase, `parse`, ask the policies of its
 * stage, `perform`, reply, carry out the effect, tell the observers. A verb never writes to the socket and changes nothing of the
 * session: it returns what should happen, and the loop does it. It is built once and holds no per-session state.
 */
import type { Mailbox, Phase, Reply, ReversePath } from '@mailverb/protocol';
import type { MailParameters, RcptParameters } from './envelope.js';
import type { Stage, StageInputs } from './policy.js';
import type { MaybePromise } from './promise.js';
import type { ForwardedClient, Identity, Session } from './session.js';

/** What the loop should do after (or before) the reply. */
export type Effect =
  /** The client said who it is: any transaction is forgotten, the session is greeted. */
  | { readonly type: 'greet'; readonly name: string; readonly extended: boolean }
  /** Open a mail transaction. */
  | { readonly type: 'begin'; readonly reversePath: ReversePath; readonly parameters: Readonly<MailParameters> }
  /** Offer this recipient to the delivery strategy; it may refuse, or have words of its own, and then its reply is sent. */
  | { readonly type: 'recipient'; readonly mailbox: Mailbox; readonly parameters: Readonly<RcptParameters> }
  /** Read mail data up to CRLF "." CRLF. The reply (354) goes out first; the one after the data is the delivery's. */
  | { readonly type: 'receive-dot' }
  /** Read a counted chunk of mail data (RFC 3030). The reply is sent when the chunk has come, or is the delivery's if `last`. */
  | { readonly type: 'receive-chunk'; readonly octets: number; readonly last: boolean }
  /** Read a counted chunk and drop it, then send the reply: once for each recipient if it would have been the `last` of an LMTP message. */
  | { readonly type: 'skip-chunk'; readonly octets: number; readonly last?: boolean }
  /** Forget the transaction. */
  | { readonly type: 'reset' }
  /** Converse: send the reply, read one line, ask again. Lines are never commands and never reach an observer (RFC 4954 4). */
  | { readonly type: 'converse'; readonly answer: (line: Uint8Array) => MaybePromise<VerbStep> }
  /** The client proved who it is. */
  | { readonly type: 'identify'; readonly identity: Identity }
  /**
   * Send the reply, then begin TLS (RFC 3207). Octets already received behind the command are dropped and reported, and all that was
   * said in clear is forgotten.
   */
  | { readonly type: 'upgrade' }
  /** A trusted peer speaks for a client: the session begins anew, as if that client had connected, and the greeting is the reply. */
  | { readonly type: 'become'; readonly client: RepresentedClient }
  /** A trusted peer says where the next message comes from. */
  | { readonly type: 'forwarded'; readonly client: ForwardedClient }
  /** Send the reply and close. */
  | { readonly type: 'close' };

/** A client as a trusted peer presents it (XCLIENT): what is not said stays as it is. */
export interface RepresentedClient {
  /** Undefined stands for "unknown" here, absent for "as it was". */
  readonly name?: string | undefined;
  readonly address?: string;
  readonly port?: number;
  readonly localAddress?: string;
  readonly localPort?: number;
  /** As if the client had said it. */
  readonly helo?: string;
  readonly extended?: boolean;
  /** Whom the peer has authenticated; undefined for nobody. Absent with another address or port means nobody too: that is another client. */
  readonly login?: string | undefined;
}

/** What a verb wants to happen. */
export interface VerbOutcome {
  readonly reply: Reply;
  /** For the record, where the reply refuses: the private cause. Never a secret. */
  readonly reason?: string;
  /** Not carried out when the reply refuses (4xx, 5xx), except `close` and `skip-chunk`. */
  readonly effect?: Effect;
}

/** The question that a verb has asked of the policies before it performs. */
export type StageQuestion = {
  [S in Stage]: { readonly stage: S; readonly input: StageInputs[S] };
}[Stage];

/**
 * A question that comes up while a verb performs, such as AUTH's once it knows who the client says it is. The loop asks the policies; a
 * refusal is the reply, and otherwise it goes on with `proceed`.
 */
export interface VerbInquiry {
  readonly ask: StageQuestion;
  readonly proceed: () => MaybePromise<VerbStep>;
}

/** What performing comes to: an outcome, or a question first. */
export type VerbStep = VerbOutcome | VerbInquiry;

/** One SMTP command. `P` is what `parse` makes of its arguments. */
export interface Verb<P = unknown> {
  /** Upper case: `RCPT`. */
  readonly name: string;
  /** Where it is legal; elsewhere it is answered 503. Take it from the protocol library's PHASE_TABLE if it is one of RFC 5321's. */
  readonly phases: readonly Phase[];
  /** True if nothing may be pipelined behind it before its reply has come; then what did come is refused. */
  readonly endsBatch?: boolean;
  /** False where the verb does not exist for this session: it is answered like an unknown one, and HELP does not show it. */
  available?(session: Session): boolean;
  /** One line for HELP: `RCPT TO:<forward-path> [parameters]`. */
  readonly help?: string;
  /** True if the arguments may hold a credential: observers then see the verb and nothing else. */
  readonly secret?: boolean;
  /** True if it claims a verb that another plugin registered before it. */
  readonly override?: boolean;
  /**
   * Makes sense of what followed the verb (leading space removed), or gives the reply that refuses it. Has no side effects.
   */
  parse(args: string, session: Session): P | Reply;
  /** The stage that `question` asks. Where it is told and nobody has a say at that stage, the loop does not ask for the question. */
  readonly stage?: Stage;
  /** What to ask the policies, if anything; asked once `parse` has succeeded. */
  question?(params: P, session: Session): StageQuestion | undefined;
  /**
   * What must happen all the same when the policies refuse what was parsed, or asking them or performing failed: BDAT's counted bytes come
   * whatever we say, and must never be read as commands (attack A3). `skip-chunk` or `close`.
   */
  refusalEffect?(params: P): Effect | undefined;
  /** Called when nobody refused. */
  perform(params: P, session: Session): MaybePromise<VerbStep>;
}
