/** EXTERNAL (RFC 4422 appendix A): the connection has said who we are; the message says only as whom to act, or nothing. */
import { part, type ExternalCredentials } from './credentials.js';
import type { ClientExchange, ClientMechanism } from './mechanism.js';
import { OneMessage } from './one-message.js';

export class ExternalClient implements ClientMechanism {
  readonly name = 'EXTERNAL';
  readonly #authzid: string;

  constructor({ authzid = '' }: ExternalCredentials) {
    this.#authzid = authzid;
  }

  begin(): ClientExchange {
    return new OneMessage(Buffer.from(this.#authzid === '' ? '' : part(this.#authzid, 'authorization identity')));
  }
}
