/**
 * Require: what a client must have done before it sends mail.
 *
 * It has a say at MAIL and nowhere else: nothing of a session that it looks at can get less while a transaction is open, and before MAIL there is
 * nothing that anybody could not have anyway. RFC 3207 4 and RFC 4954 6 both have 530 for it.
 */
import { Options, pass, reject, type MailInput, type Verdict, type Policy } from '@mailverb/contract';
import { reply } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';
import type { RequireOptions } from './require.options.js';

const PASS = pass();
const STARTTLS = reject(reply(530, '5.7.0', 'Must issue a STARTTLS command first'), 'no TLS');
const NO_TLS = reject(reply(530, '5.7.0', 'encryption is required, and this port has none'), 'no TLS');
const NO_CERTIFICATE = reject(
  reply(530, '5.7.0', 'a client certificate is required'),
  'no verified client certificate',
);
const NO_IDENTITY = reject(reply(530, '5.7.0', 'Authentication required'), 'not authenticated');

/** The policy require. */
@injectable()
export class RequirePolicy implements Policy {
  readonly #options: RequireOptions;

  constructor(@inject(Options) options: RequireOptions) {
    this.#options = options;
  }

  // In the order in which a client can do it: AUTH may not be offered before TLS.
  mail({ session: { tls, identity, listener } }: MailInput): Verdict {
    const wanted = this.#options;
    if ((wanted.tls || wanted.clientCertificate) && tls === undefined) {
      return listener.tls === 'starttls' ? STARTTLS : NO_TLS;
    }
    if (wanted.clientCertificate && tls?.clientCertificate === undefined) return NO_CERTIFICATE;
    return wanted.auth && identity === undefined ? NO_IDENTITY : PASS;
  }
}
