/** With what we prove who we are. */
import type { MaybePromise } from '@mailverb/contract';
import { SaslError } from './sasl-error.js';

/** A password, and as whom to act if not as oneself. */
export interface PasswordCredentials {
  readonly username: string;
  readonly password: string;
  readonly authzid?: string | undefined;
}

/** A bearer token (RFC 6750), had anew for each attempt: they do not live long. */
export interface TokenCredentials {
  readonly username: string;
  readonly token: TokenProvider;
}

/** What the connection proves: a client certificate, or a unix socket. */
export interface ExternalCredentials {
  readonly external: true;
  readonly authzid?: string | undefined;
}

export type ClientCredentials = PasswordCredentials | TokenCredentials | ExternalCredentials;

/** Where tokens come from. */
export interface TokenProvider {
  /** @param signal fires when nobody waits for it any longer. */
  token(signal: AbortSignal): MaybePromise<string>;
}

/** The same credentials, of which a dump, JSON or a log shows no secret (attack A23). */
export function sealCredentials(credentials: ClientCredentials): ClientCredentials {
  if ('password' in credentials) return new SealedPassword(credentials);
  return 'token' in credentials ? new SealedToken(credentials) : { ...credentials };
}

class SealedPassword implements PasswordCredentials {
  readonly username: string;
  readonly authzid: string | undefined;
  readonly #password: string;

  constructor({ username, password, authzid }: PasswordCredentials) {
    this.username = username;
    this.authzid = authzid;
    this.#password = password;
  }

  get password(): string {
    return this.#password;
  }
}

class SealedToken implements TokenCredentials {
  readonly username: string;
  readonly #token: TokenProvider;

  constructor({ username, token }: TokenCredentials) {
    this.username = username;
    this.#token = token;
  }

  get token(): TokenProvider {
    return this.#token;
  }
}

/** `text` if it can stand in a message that separates its parts by NUL. @throws SaslError if it can't. @param what it is, for the log. */
export function part(text: string, what: string): string {
  if (text === '') throw new SaslError('credentials', `the ${what} is empty`);
  if (text.includes('\0')) throw new SaslError('credentials', `the ${what} has a NUL`);
  return text;
}
