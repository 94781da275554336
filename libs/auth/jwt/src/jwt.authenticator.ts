/** jwt: identities from bearer tokens that an issuer has signed (RFC 7519, RFC 8725). */
import { Clock, Logger, Options, type Authenticator, type Lifecycle } from '@mailverb/contract';
import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { inject, injectable } from 'tsyringe';
import type { JwtOptions } from './jwt.options.js';
import { KeySet } from './key-set.js';

/** No honest token is longer; AUTH's own lines are no limit that is meant for this. */
const MAX_TOKEN = 8192;
/** Three parts of base64url (RFC 7515 3.1). What decodes base64 may look past line ends, and one token would be many. */
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** The authenticator jwt. */
@injectable()
export class JwtAuthenticator implements Authenticator, Lifecycle {
  readonly #options: JwtOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #keys: KeySet;

  constructor(@inject(Options) options: JwtOptions, @inject(Clock) clock: Clock, @inject(Logger) logger: Logger) {
    this.#options = options;
    this.#clock = clock;
    this.#logger = logger;
    this.#keys = new KeySet(options, clock, logger);
  }

  /** A file that can't be used is a mistake; an issuer that is down is not, and nobody else's mail waits for it. */
  async start(): Promise<void> {
    if (this.#options.file !== undefined) await this.#keys.keys();
  }

  async token(token: string): Promise<string | undefined> {
    if (token.length > MAX_TOKEN || !TOKEN.test(token)) return undefined;
    const payload = await this.#verify(token);
    if (payload === undefined) return undefined;
    const { claim, scope } = this.#options;
    const name = Object.hasOwn(payload, claim) ? payload[claim] : undefined;
    if (typeof name !== 'string' || name === '' || !hasScope(payload, scope)) return undefined;
    // Whoever can write any address into a profile is not the one who has it (OpenID Connect Core 5.7); some issuers write it as text.
    if (claim === 'email' && [false, 'false'].some((no) => payload['email_verified'] === no)) return undefined;
    return name;
  }

  /** Undefined for a token that is no good. Rejects where nobody can tell (attack A26). */
  async #verify(token: string): Promise<JWTPayload | undefined> {
    try {
      const keys = await this.#keys.keys();
      try {
        return await this.#once(token, keys);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        const newer = await this.#keys.newerThan(keys);
        return newer && (await this.#once(token, newer));
      }
    } catch (error) {
      return this.#judge(error);
    }
  }

  async #once(token: string, keys: JWTVerifyGetKey): Promise<JWTPayload> {
    const { algorithms, issuer, audience, clockTolerance } = this.#options;
    const rules = {
      algorithms: [...algorithms],
      issuer,
      audience,
      requiredClaims: ['exp'],
      clockTolerance: clockTolerance / 1000,
      currentDate: new Date(this.#clock.now()),
    };
    try {
      return (await jwtVerify(token, keys, rules)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      // A token need not name its key (RFC 7515 4.1.4): it is signed by one of them, or by none.
      for await (const key of error) {
        const verified = await jwtVerify(token, key, rules).catch(unsigned);
        if (verified !== undefined) return verified.payload;
      }
      throw new errors.JWSSignatureVerificationFailed();
    }
  }

  /** What jose says of a token is that it is no good; anything else is no answer. Neither is told with the token in it. */
  #judge(error: unknown): undefined {
    // A set with a key in it that only the issuer should have is no fault of the token.
    if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSInvalid)) return undefined;
    const why = error instanceof Error ? error.message : 'failed';
    this.#logger.error({ why }, 'the keys of the issuer of tokens are not to be had');
    throw new Error(`nobody can tell whether tokens are good: ${why}`);
  }
}

/** Undefined where a token is signed by another key. */
function unsigned(error: unknown): undefined {
  if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
}

/** RFC 8693 4.2: words with spaces between them; some issuers give a list, and some call it `scp`. */
function hasScope(payload: JWTPayload, wanted: string | undefined): boolean {
  if (wanted === undefined) return true;
  const given: unknown = payload['scope'] ?? payload['scp'];
  if (typeof given === 'string') return given.split(' ').includes(wanted);
  return Array.isArray(given) && given.includes(wanted);
}
