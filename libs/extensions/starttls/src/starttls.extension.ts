/** STARTTLS (RFC 3207 2): the keyword, where TLS can be begun. Within TLS it must not be offered again (RFC 3207 4.2). */
import type { Extension, Session } from '@mailverb/contract';
import { injectable } from 'tsyringe';

/** The extension STARTTLS: a keyword and nothing else. */
@injectable()
export class StartTlsExtension implements Extension {
  readonly keyword = 'STARTTLS';

  argument({ listener, tls }: Session): false | undefined {
    return listener.tls === 'starttls' && tls === undefined ? undefined : false;
  }
}
