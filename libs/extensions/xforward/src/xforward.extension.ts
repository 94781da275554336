/** XFORWARD (Postfix's): the keyword and the attributes that the verb takes, for trusted peers. Nobody else hears of it (attack A16). */
import type { Extension, Session } from '@mailverb/contract';
import { injectable } from 'tsyringe';

const ATTRIBUTES = 'NAME ADDR PORT PROTO HELO IDENT SOURCE';

/** The extension XFORWARD. */
@injectable()
export class XForwardExtension implements Extension {
  readonly keyword = 'XFORWARD';
  /** Names and ids may be as long as a domain, in xtext longer. */
  readonly commandLineOctets = 512;

  argument({ trustedPeer }: Session): string | false {
    return trustedPeer ? ATTRIBUTES : false;
  }
}
