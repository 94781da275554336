/**
 * BINARYMIME (RFC 3030 3): mail data may be any bytes, without line ends; they come by BDAT only, which the verb DATA sees to.
 * The parameter BODY belongs to the extension 8BITMIME.
 */
import { Capabilities, type Extension, type Session } from '@mailverb/contract';
import { inject, injectable } from 'tsyringe';

/** The extension BINARYMIME. */
@injectable()
export class BinaryMimeExtension implements Extension {
  readonly keyword = 'BINARYMIME';
  /** " BODY=BINARYMIME" is two longer than the " BODY=8BITMIME" that RFC 6152 counts. */
  readonly commandLineOctets = 2;

  constructor(@inject(Capabilities) private readonly capabilities: Capabilities) {}

  /** RFC 3030 3: it needs CHUNKING; and without 8BITMIME nobody would read the parameter. */
  argument(session: Session): undefined | false {
    const { capabilities } = this;
    return capabilities.offers('CHUNKING', session) && capabilities.offers('8BITMIME', session) ? undefined : false;
  }
}
