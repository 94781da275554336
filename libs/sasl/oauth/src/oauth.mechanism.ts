/** OAUTHBEARER (RFC 7628) and XOAUTH2 (Google's, older): the client shows a bearer token (RFC 6750) that an authorization server gave to it. */
import { Authenticator, Options, type SaslExchange, type SaslMechanism, type Session } from '@mailverb/contract';
import { inject, injectable } from 'tsyringe';
import { OauthExchange, type OauthContext } from './oauth-exchange.js';
import { parseOauthBearer, parseXoauth2 } from './oauth-messages.js';
import type { OauthOptions } from './oauth.options.js';

/** What both have. */
abstract class OauthMechanism implements SaslMechanism {
  readonly #context: OauthContext;

  constructor(
    readonly name: string,
    authenticator: Authenticator,
    parse: OauthContext['parse'],
    refusal: Readonly<Record<string, string | undefined>>,
  ) {
    // What is undefined is left out.
    this.#context = { authenticator, parse, refusal: Buffer.from(JSON.stringify(refusal)) };
  }

  offered(): boolean {
    return this.#context.authenticator.token !== undefined;
  }

  begin(session: Session): SaslExchange {
    return new OauthExchange(this.#context, session);
  }
}

/** The mechanism OAUTHBEARER. */
@injectable()
export class OauthBearerMechanism extends OauthMechanism {
  constructor(
    @inject(Options) { scope, openidConfiguration }: OauthOptions,
    @inject(Authenticator) authenticator: Authenticator,
  ) {
    // RFC 7628 3.2.2.
    const refusal = { status: 'invalid_token', scope, 'openid-configuration': openidConfiguration };
    super('OAUTHBEARER', authenticator, parseOauthBearer, refusal);
  }
}

/** The mechanism XOAUTH2. */
@injectable()
export class Xoauth2Mechanism extends OauthMechanism {
  constructor(@inject(Options) { scope }: OauthOptions, @inject(Authenticator) authenticator: Authenticator) {
    super('XOAUTH2', authenticator, parseXoauth2, { status: '401', schemes: 'bearer', scope });
  }
}
