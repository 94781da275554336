/**
 * Observers: who only watches. They see every arrow of a message's path and touch none: they return nothing, what they throw is logged
 * and forgotten, and no credential ever reaches them. Implement the methods you care about; one that nobody implements costs nothing.
 */
import type { Reply } from '@mailverb/protocol';
import type { Outcome } from './delivery.js';
import type { Envelope } from './envelope.js';
import type { Stage } from './policy.js';
import type { Session } from './session.js';
import type { Verdict } from './verdict.js';

/** A policy has spoken. */
export interface VerdictSeen {
  readonly stage: Stage;
  /** The policy's name in the assembly. */
  readonly policy: string;
  readonly verdict: Verdict;
  /** True if it only rehearses (`mode: dry-run`), and its verdict is not used. */
  readonly dryRun: boolean;
}

/** Who said no. */
export interface Decision {
  /** `policy greylist`, `delivery maildir`, `limit recipients`, `protocol`… */
  readonly by: string;
  readonly reply: Reply;
  /** The private cause. */
  readonly reason: string | undefined;
}

/** A mail transaction has ended, well or not. */
export interface TransactionRecord {
  readonly envelope: Envelope;
  /** Octets of mail data received. */
  readonly size: number;
  /** `committed`: the delivery gave its outcomes. `refused`: somebody said no after MAIL was accepted. `aborted`: RSET, a new EHLO, a disconnect. */
  readonly end: 'committed' | 'refused' | 'aborted';
  /** The reply after the mail data, if it came so far. */
  readonly reply: Reply | undefined;
  readonly outcomes: readonly Outcome[];
  /** Refusals in this transaction, in order: recipients', then perhaps the message's. */
  readonly decisions: readonly Decision[];
  readonly startedAt: number;
  readonly endedAt: number;
}

/** A session is over. */
export interface SessionRecord {
  readonly endedAt: number;
  readonly commands: number;
  readonly errors: number;
  readonly transactions: number;
  /** Transactions that ended `committed` with at least one recipient delivered. */
  readonly delivered: number;
  readonly octetsIn: number;
  /** `quit`, `disconnect`, `timeout`, `limit`, `policy`, `protocol`, `tls` (the handshake failed), `shutdown`, `error`. */
  readonly cause: string;
  /** Refusals outside transactions. */
  readonly decisions: readonly Decision[];
}

/** Watches. */
export interface Observer {
  sessionOpened?(session: Session): void;
  /** TLS was agreed on: by STARTTLS, or before the greeting. */
  secured?(session: Session): void;
  /** A command line, cleaned; the arguments of a verb marked `secret` are `***`. */
  commandReceived?(session: Session, line: string): void;
  /** A line of a conversation (AUTH); its content is never shown. */
  lineReceived?(session: Session): void;
  replySent?(session: Session, reply: Reply): void;
  verdictGiven?(session: Session, seen: VerdictSeen): void;
  /** Mail data has come to its end (or to the end of a chunk): octets of it. */
  dataReceived?(session: Session, octets: number): void;
  transactionEnded?(session: Session, record: TransactionRecord): void;
  sessionClosed?(session: Session, record: SessionRecord): void;
  /** A limit was reached: its name in the configuration. */
  limitReached?(session: Session | undefined, limit: string): void;
  /** A plugin failed; `where` names it. */
  faultCaught?(session: Session | undefined, where: string, error: unknown): void;
}
