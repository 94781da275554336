/**
 * 8BITMIME (RFC 6152): the client may send bytes above 127, and says so with BODY=8BITMIME. Mail data are never changed either way.
 * One keyword has one owner, so BODY=BINARYMIME (RFC 3030) is read here too, where that is offered.
 */
import {
  Capabilities,
  type BodyType,
  type Extension,
  type MailParameterHandler,
  type Session,
} from '@mailverb/contract';
import { isAscii, reply, type Reply } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';

const SYNTAX = reply(501, '5.5.4', 'Syntax: BODY=7BIT or BODY=8BITMIME');
const NOT_OFFERED = reply(555, '5.5.4', 'BODY=BINARYMIME is not offered');

/** The extension 8BITMIME, owner of MAIL's parameter BODY. */
@injectable()
export class EightBitMimeExtension implements Extension {
  readonly keyword = '8BITMIME';
  /** RFC 6152 2 (6); the longer BODY=BINARYMIME is the extension BINARYMIME's to add. */
  readonly commandLineOctets = 17;
  readonly parameters: readonly MailParameterHandler[] = [
    { verb: 'MAIL', keyword: 'BODY', parse: (value, session) => this.readBody(value, session) },
  ];

  constructor(@inject(Capabilities) private readonly capabilities: Capabilities) {}

  private readBody(value: string | undefined, session: Session): BodyType | Reply {
    // Not every letter that becomes an ASCII letter in upper case is one (attack A6).
    if (value === undefined || !isAscii(value)) return SYNTAX;
    switch (value.toUpperCase()) {
      case '7BIT':
        return '7BIT';
      case '8BITMIME':
        return '8BITMIME';
      case 'BINARYMIME':
        return this.capabilities.offers('BINARYMIME', session) ? 'BINARYMIME' : NOT_OFFERED;
      default:
        return SYNTAX;
    }
  }
}
