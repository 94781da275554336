/** XCLIENT (Postfix's): the keyword and the attributes that the verb takes, for trusted peers. Nobody else hears of it (attack A16). */
import type { Extension, Session } from '@mailverb/contract';
import { injectable } from 'tsyringe';

const ATTRIBUTES = 'NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT';

/** The extension XCLIENT. */
@injectable()
export class XClientExtension implements Extension {
  readonly keyword = 'XCLIENT';
  /** Names and logins may be as long as a domain, in xtext longer. */
  readonly commandLineOctets = 512;

  argument({ trustedPeer }: Session): string | false {
    return trustedPeer ? ATTRIBUTES : false;
  }
}
