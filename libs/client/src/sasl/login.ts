/** LOGIN (never standardised, and everywhere): the server asks for the name, then for the password. */
import { part, type PasswordCredentials } from './credentials.js';
import type { ClientExchange, ClientMechanism } from './mechanism.js';
import { SaslError } from './sasl-error.js';

/** What the questions say is not read: servers ask in many words, and all in this order. */
export class LoginClient implements ClientMechanism {
  readonly name = 'LOGIN';
  readonly #credentials: PasswordCredentials;

  constructor(credentials: PasswordCredentials) {
    this.#credentials = credentials;
  }

  begin(): ClientExchange {
    const { username, password } = this.#credentials;
    return new LoginExchange([part(username, 'user name'), part(password, 'password')]);
  }
}

class LoginExchange implements ClientExchange {
  readonly initial = undefined;
  readonly #answers: string[];

  constructor(answers: readonly string[]) {
    this.#answers = [...answers];
  }

  respond(): Uint8Array {
    const answer = this.#answers.shift();
    if (answer === undefined) throw new SaslError('malformed', 'a challenge where everything was said');
    return Buffer.from(answer);
  }

  finish(): void {
    if (this.#answers.length > 0)
      throw new SaslError('untrusted', 'the server says yes before it has heard the password');
  }
}
