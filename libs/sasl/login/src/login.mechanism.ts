/**
 * LOGIN: a name, then a password, each asked for. Never standardized (draft-murchison-sasl-login); old clients know nothing else. Some look at the
 * words of the challenges, so these are the ones that most servers use.
 */
import { Authenticator, type SaslExchange, type SaslMechanism, type SaslStep, type Session } from '@mailverb/contract';
import { conclude, malformed, readName, readSecret } from '@mailverb/sasl-text';
import { inject, injectable } from 'tsyringe';

const USERNAME: SaslStep = { type: 'challenge', data: Buffer.from('Username:') };
const PASSWORD: SaslStep = { type: 'challenge', data: Buffer.from('Password:') };
const NO_NAME = malformed('no user name');
const NO_PASSWORD = malformed('no password');

/** The mechanism LOGIN. */
@injectable()
export class LoginMechanism implements SaslMechanism {
  readonly name = 'LOGIN';
  readonly #authenticator: Authenticator;

  constructor(@inject(Authenticator) authenticator: Authenticator) {
    this.#authenticator = authenticator;
  }

  offered(): boolean {
    return this.#authenticator.password !== undefined;
  }

  begin(session: Session): SaslExchange {
    return new LoginExchange(this.#authenticator, session);
  }
}

/** Where one attempt has come to. */
class LoginExchange implements SaslExchange {
  readonly #authenticator: Authenticator;
  readonly #session: Session;
  #username: string | undefined;

  constructor(authenticator: Authenticator, session: Session) {
    this.#authenticator = authenticator;
    this.#session = session;
  }

  step(response: Uint8Array | undefined): SaslStep {
    if (this.#username !== undefined) return this.#last(this.#username, response);
    // An initial response is the name: clients send it, though the draft knows none.
    if (response === undefined) return USERNAME;
    this.#username = readName(response);
    return this.#username === undefined ? NO_NAME : PASSWORD;
  }

  // The claim comes with the password, and not before it: whoever asks for names would learn which of them are locked out.
  #last(name: string, response: Uint8Array | undefined): SaslStep {
    const password = response === undefined ? undefined : readSecret(response);
    if (password === undefined) return NO_PASSWORD;
    return { type: 'claim', name, proceed: () => this.#check(name, password) };
  }

  async #check(name: string, password: string): Promise<SaslStep> {
    const known = await this.#authenticator.password?.(name, password, this.#session);
    return conclude(this.#authenticator, known, undefined, this.#session);
  }
}
