/**
 * SMTPUTF8 (RFC 6531): addresses and headers in UTF-8, where the client says with MAIL that the message has them.
 * The verbs MAIL and RCPT refuse a UTF-8 address without it; the grammar and A-labels are the protocol library's.
 */
import { Capabilities, type Extension, type MailParameterHandler, type Session } from '@mailverb/contract';
import { reply, type Reply } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';

const SYNTAX = reply(501, '5.5.4', 'SMTPUTF8 takes no value');
const NOT_OFFERED = reply(555, '5.5.4', 'SMTPUTF8 is not offered');

/** The extension SMTPUTF8. */
@injectable()
export class SmtpUtf8Extension implements Extension {
  readonly keyword = 'SMTPUTF8';
  /** RFC 6531 3.1 (8). */
  readonly commandLineOctets = 10;
  readonly parameters: readonly MailParameterHandler[] = [
    { verb: 'MAIL', keyword: 'SMTPUTF8', parse: (value, session) => this.read(value, session) },
  ];

  constructor(@inject(Capabilities) private readonly capabilities: Capabilities) {}

  /** RFC 6531 3.1 (1): a server that offers it must offer 8BITMIME too. */
  argument(session: Session): undefined | false {
    return this.capabilities.offers('8BITMIME', session) ? undefined : false;
  }

  private read(value: string | undefined, session: Session): true | Reply {
    if (value !== undefined) return SYNTAX;
    return this.argument(session) === false ? NOT_OFFERED : true;
  }
}
