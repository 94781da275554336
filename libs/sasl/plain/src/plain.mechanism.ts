/** PLAIN (RFC 4616): a name and a password in one message. It is worth what TLS around it is worth. */
import { Authenticator, type SaslExchange, type SaslMechanism, type SaslStep, type Session } from '@mailverb/contract';
import { conclude, malformed } from '@mailverb/sasl-text';
import { inject, injectable } from 'tsyringe';
import { parsePlain, type PlainMessage } from './plain-message.js';

const BEGIN: SaslStep = { type: 'challenge', data: new Uint8Array(0) };
const MALFORMED = malformed('no message of PLAIN');

/** The mechanism PLAIN. */
@injectable()
export class PlainMechanism implements SaslMechanism {
  readonly name = 'PLAIN';
  readonly #authenticator: Authenticator;

  constructor(@inject(Authenticator) authenticator: Authenticator) {
    this.#authenticator = authenticator;
  }

  offered(): boolean {
    return this.#authenticator.password !== undefined;
  }

  begin(session: Session): SaslExchange {
    return {
      step: (response) => {
        if (response === undefined) return BEGIN;
        const message = parsePlain(response);
        if (message === undefined) return MALFORMED;
        return { type: 'claim', name: message.authcid, proceed: () => this.#check(message, session) };
      },
    };
  }

  async #check({ authcid, authzid, password }: PlainMessage, session: Session): Promise<SaslStep> {
    const name = await this.#authenticator.password?.(authcid, password, session);
    return conclude(this.#authenticator, name, authzid, session, authcid);
  }
}
