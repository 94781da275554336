/** Extensions: an EHLO keyword, MAIL or RCPT parameters, and nothing else (RFC 5321 2.2). */
import type { Reply } from '@mailverb/protocol';
import type { MailParameters, RcptParameters } from './envelope.js';
import type { Session } from './session.js';

/** A parameter of MAIL, and what to make of its value. */
export type MailParameterHandler = {
  [K in keyof MailParameters & string]-?: ParameterHandler<'MAIL', K, NonNullable<MailParameters[K]>>;
}[keyof MailParameters & string];

/** A parameter of RCPT. */
export type RcptParameterHandler = {
  [K in keyof RcptParameters & string]-?: ParameterHandler<'RCPT', K, NonNullable<RcptParameters[K]>>;
}[keyof RcptParameters & string];

/** How one parameter is read. */
export interface ParameterHandler<V extends 'MAIL' | 'RCPT', K extends string, T> {
  readonly verb: V;
  /** Upper case. One owner a verb and keyword. */
  readonly keyword: K;
  /** The value as sent (undefined where there was no `=`) to its meaning, or the reply that refuses it (501, 552, 555…). */
  parse(value: string | undefined, session: Session): T | Reply;
}

/** One service extension. */
export interface Extension {
  /** The EHLO keyword, upper case. */
  readonly keyword: string;
  /**
   * What follows the keyword in the EHLO reply: undefined for nothing, `false` if it is not to be offered in this session.
   * Absent means nothing follows and it is always offered. Called for each EHLO.
   */
  argument?(session: Session): string | undefined | false;
  readonly parameters?: readonly (MailParameterHandler | RcptParameterHandler)[];
  /** Octets that it adds to the longest command line (RFC 5321 4.5.3.1.4). */
  readonly commandLineOctets?: number;
}
