/** One attempt by a bearer token: one message, and if it is refused the reason as JSON, which the client answers before it hears the refusal. */
import { createHmac, randomBytes } from 'node:crypto';
import type { Authenticator, SaslExchange, SaslStep, Session } from '@mailverb/contract';
import { NOT_ALLOWED, WRONG, authorize, isName, malformed } from '@mailverb/sasl-text';
import type { OauthMessage } from './oauth-messages.js';

/** What is the same for all attempts by one mechanism. */
export interface OauthContext {
  readonly authenticator: Authenticator;
  parse(octets: Uint8Array): OauthMessage | undefined;
  /** What a refused client hears, as JSON. */
  readonly refusal: Uint8Array;
}

const BEGIN: SaslStep = { type: 'challenge', data: new Uint8Array(0) };
const MALFORMED = malformed('no message with a bearer token');
const NO_TOKEN = malformed('no token: the client asks what it needs');

const PROCESS_SECRET = randomBytes(32);

/**
 * What failures are counted by where the client does not say who it is. Whose token it is can't be known before it is checked, and the claim comes before
 * that. One text for all would be one counter for all: somebody with bad tokens could lock out everybody who says no name. So each token is
 * its own, by a hash that is worth nothing without a key which no log has. Guesses are then counted by address alone, which is enough: a token can't be
 * guessed as a password can.
 */
export function claimOfToken(token: string): string {
  return `(token ${createHmac('sha256', PROCESS_SECRET).update(token).digest('hex').slice(0, 12)})`;
}

/** An attempt. */
export class OauthExchange implements SaslExchange {
  readonly #context: OauthContext;
  readonly #session: Session;
  /** Set once the client was told, and has only to answer that. */
  #refused: SaslStep | undefined;

  constructor(context: OauthContext, session: Session) {
    this.#context = context;
    this.#session = session;
  }

  step(response: Uint8Array | undefined): SaslStep {
    // RFC 7628 3.2.3: an octet 1; XOAUTH2: nothing. Whatever it is, it changes nothing.
    if (this.#refused !== undefined) return this.#refused;
    if (response === undefined) return BEGIN;
    const message = this.#context.parse(response);
    if (message === undefined) return MALFORMED;
    const { token, authzid } = message;
    if (token === undefined) return this.#refuse(NO_TOKEN);
    return { type: 'claim', name: authzid ?? claimOfToken(token), proceed: () => this.#check(token, authzid) };
  }

  async #check(token: string, authzid: string | undefined): Promise<SaslStep> {
    const { authenticator } = this.#context;
    const name = await authenticator.token?.(token, this.#session);
    if (!isName(name)) return this.#refuse(WRONG);
    const as = await authorize(authenticator, name, authzid, this.#session);
    return as === undefined ? this.#refuse(NOT_ALLOWED) : { type: 'success', name: as };
  }

  #refuse(end: SaslStep): SaslStep {
    this.#refused = end;
    return { type: 'challenge', data: this.#context.refusal };
  }
}
