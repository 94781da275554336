/** What a verb may ask about the assembly that it is part of; one of each a listener, injected by token. */
import type { Reply } from '@mailverb/protocol';
import type { MailParameters, RcptParameters } from './envelope.js';
import type { ListenerInfo, Session } from './session.js';
import { token } from './token.js';

/** What EHLO offers, to be injected by the verbs that say it. One a listener. */
export interface Capabilities {
  /** The lines of the EHLO reply after the first, for this session. */
  lines(session: Session): readonly string[];
  /** True if the keyword is offered in this session. */
  offers(keyword: string, session: Session): boolean;
  /** Reads MAIL's parameters with their owners; 555 for one that nobody owns, 501 for one given twice. */
  mailParameters(text: string, session: Session): Readonly<MailParameters> | Reply;
  /** Reads RCPT's. */
  rcptParameters(text: string, session: Session): Readonly<RcptParameters> | Reply;
  /** The longest command line, CRLF included: 512 and what the extensions add. */
  commandLineOctets(): number;
}

export const Capabilities = token<Capabilities>('Capabilities');

/** The verbs of a listener, for HELP. */
export interface VerbTable {
  /** Each verb's name and help line, in order of name; those that exist for this session. */
  list(session: Session): readonly { readonly name: string; readonly help: string | undefined }[];
}

export const VerbTable = token<VerbTable>('VerbTable');

/** The listener that the plugin instance works for. Not to be had by what all listeners share (loggers, stores). */
export const Listener = token<ListenerInfo>('Listener');
