/**
 * The phases of a session and the table of which verb of RFC 5321 and its family is legal in which (RFC 5321 4.1.4, RFC 3030 2, RFC 2033 4,
 * RFC 3207 4, RFC 4954 4).
 *
 * The table is data: the verb libraries take their row from it, docs/flow.md's drawing and the test of every verb in every
 * phase are made from it.
 */

/** Where a session stands between two commands. */
export type Phase =
  /** The greeting was sent; the client has not said who it is. */
  | 'connected'
  /** HELO, EHLO or LHLO was answered; no mail transaction is open. */
  | 'greeted'
  /** MAIL was accepted; no recipient yet. */
  | 'mail'
  /** At least one recipient was accepted. */
  | 'rcpt'
  /** BDAT chunks have come, the last one has not. */
  | 'bdat';

/** All phases, in the order of a session. */
export const PHASES: readonly Phase[] = ['connected', 'greeted', 'mail', 'rcpt', 'bdat'];

const ALWAYS = PHASES;
const OUTSIDE_CHUNKS: readonly Phase[] = ['connected', 'greeted', 'mail', 'rcpt'];

/** One row of the phase table. */
export interface PhaseRow {
  /** The phases in which the verb is legal; in others it is answered 503. */
  readonly phases: readonly Phase[];
  /**
   * True if nothing may be sent behind it before its reply has come (RFC 2920 3.1), and the server enforces it.
   * NOOP, VRFY, EXPN and QUIT are in RFC 2920's list too, but nothing goes wrong if a client pipelines behind them.
   */
  readonly endsBatch: boolean;
}

/**
 * Verb × phase. BDAT is legal everywhere on purpose: its counted bytes follow whether we like the command or not, so the
 * verb itself refuses and has them read and dropped (attack A3).
 */
export const PHASE_TABLE = {
  HELO: { phases: ALWAYS, endsBatch: true },
  EHLO: { phases: ALWAYS, endsBatch: true },
  LHLO: { phases: ALWAYS, endsBatch: true },
  MAIL: { phases: ['greeted'], endsBatch: false },
  RCPT: { phases: ['mail', 'rcpt'], endsBatch: false },
  DATA: { phases: ['rcpt'], endsBatch: true },
  BDAT: { phases: ALWAYS, endsBatch: false },
  RSET: { phases: ALWAYS, endsBatch: false },
  NOOP: { phases: ALWAYS, endsBatch: false },
  VRFY: { phases: OUTSIDE_CHUNKS, endsBatch: false },
  EXPN: { phases: OUTSIDE_CHUNKS, endsBatch: false },
  HELP: { phases: ALWAYS, endsBatch: false },
  QUIT: { phases: ALWAYS, endsBatch: false },
  // RFC 3207 4, RFC 4954 3 and 4: after EHLO, never within a transaction; what follows must wait for what comes of it.
  STARTTLS: { phases: ['greeted'], endsBatch: true },
  AUTH: { phases: ['greeted'], endsBatch: true },
  // Postfix's: outside transactions; XCLIENT begins the session anew, XFORWARD may be pipelined.
  XCLIENT: { phases: ['connected', 'greeted'], endsBatch: true },
  XFORWARD: { phases: ['greeted'], endsBatch: false },
} as const satisfies Record<string, PhaseRow>;
