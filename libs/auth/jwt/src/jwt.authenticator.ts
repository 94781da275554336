/** jwt: identities from bearer tokens that an issuer has signed (RFC 7519, RFC 8725). */
import { Clock, Logger, Options, type Authenticator } from '@mailverb/contract';
import { errors, jwtVerify, type JWTPayload } from 'jose';
import { inject, injectable } from 'tsyringe';
import type { JwtOptions } from './jwt.options.js';
import { KeySet } from './key-set.js';

/** No honest token is longer; AUTH's own lines are no limit that is meant for this. */
const MAX_TOKEN = 8192;

/** The authenticator jwt. */
@injectable()
export class JwtAuthenticator implements Authenticator {
  readonly #options: JwtOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #keys: KeySet;

  constructor(@inject(Options) options: JwtOptions, @inject(Clock) clock: Clock, @inject(Logger) logger: Logger) {
    this.#options = options;
    this.#clock = clock;
    this.#logger = logger;
    this.#keys = new KeySet(options, clock);
  }

  async token(token: string): Promise<string | undefined> {
    if (token.length > MAX_TOKEN) return undefined;
    const payload = await this.#verify(token);
    if (payload === undefined) return undefined;
    const { claim, scope } = this.#options;
    const name = Object.hasOwn(payload, claim) ? payload[claim] : undefined;
    if (typeof name !== 'string' || name === '' || !hasScope(payload, scope)) return undefined;
    // Whoever can write any address into a profile is not the one who has it (OpenID Connect Core 5.7).
    if (claim === 'email' && payload['email_verified'] === false) return undefined;
    return name;
  }

  /** Undefined for a token that is no good. Rejects where nobody can tell (attack A26). */
  async #verify(token: string): Promise<JWTPayload | undefined> {
    try {
      return await this.#once(token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) return this.#judge(error);
    }
    if (!(await this.#keys.refresh())) return undefined;
    try {
      return await this.#once(token);
    } catch (error) {
      return this.#judge(error);
    }
  }

  async #once(token: string): Promise<JWTPayload> {
    const { algorithms, issuer, audience, clockTolerance } = this.#options;
    const keys = await this.#keys.keys();
    const { payload } = await jwtVerify(token, keys, {
      algorithms: [...algorithms],
      issuer,
      audience,
      requiredClaims: ['exp'],
      clockTolerance: clockTolerance / 1000,
      currentDate: new Date(this.#clock.now()),
    });
    return payload;
  }

  /** What jose says of a token is that it is no good; anything else is no answer. Neither is told with the token in it. */
  #judge(error: unknown): undefined {
    if (error instanceof errors.JOSEError) return undefined;
    const why = error instanceof Error ? error.message : 'failed';
    this.#logger.error({ why }, 'the keys of the issuer of tokens are not to be had');
    throw new Error(`nobody can tell whether tokens are good: ${why}`);
  }
}

/** RFC 8693 4.2: words with spaces between them; some issuers give a list, and some call it `scp`. */
function hasScope(payload: JWTPayload, wanted: string | undefined): boolean {
  if (wanted === undefined) return true;
  const given: unknown = payload['scope'] ?? payload['scp'];
  if (typeof given === 'string') return given.split(' ').includes(wanted);
  return Array.isArray(given) && given.includes(wanted);
}
