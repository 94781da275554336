/** PLAIN (RFC 4616): everything in one message, so only over an encrypted connection. */
import { part, type PasswordCredentials } from './credentials.js';
import type { ClientExchange, ClientMechanism } from './mechanism.js';
import { OneMessage } from './one-message.js';

/** The name and the password as they are: who prepares them is the server (RFC 4616 2). */
export class PlainClient implements ClientMechanism {
  readonly name = 'PLAIN';
  readonly #credentials: PasswordCredentials;

  constructor(credentials: PasswordCredentials) {
    this.#credentials = credentials;
  }

  begin(): ClientExchange {
    const { username, password, authzid = '' } = this.#credentials;
    const as = authzid === '' ? '' : part(authzid, 'authorization identity');
    return new OneMessage(Buffer.from(`${as}\0${part(username, 'user name')}\0${part(password, 'password')}`));
  }
}
