/** Authenticators: where identities come from. Asked by the verb AUTH, through a SASL mechanism. */
import type { MaybePromise } from './promise.js';
import type { Session } from './session.js';
import { token } from './token.js';

/** Checks a name and a password. Must take as long for an unknown name as for a wrong password (attack A18). */
export interface Authenticator {
  /** The name to act under, or undefined if the credentials are wrong. Rejects if it cannot tell, and AUTH then answers 454. */
  verify(name: string, password: string, session: Session): MaybePromise<string | undefined>;
}

export const Authenticator = token<Authenticator>('Authenticator');
