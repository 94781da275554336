/**
 * SCRAM (RFC 5802, RFC 7677): the client proves that it knows the password and the server that it knows its keys, and neither says what it knows. The
 * -PLUS forms bind that to the TLS connection (RFC 5929, RFC 9266), so that it is worth nothing to somebody in between.
 */
import { randomBytes } from 'node:crypto';
import {
  Authenticator,
  Options,
  type ChannelBinding,
  type SaslExchange,
  type SaslMechanism,
  type ScramHash,
  type Session,
} from '@mailverb/contract';
import { encodeBase64 } from '@mailverb/sasl-text';
import { inject, injectable } from 'tsyringe';
import { ScramExchange, type ScramContext } from './scram-exchange.js';
import { FakeKeys } from './scram-keys.js';
import type { ScramOptions } from './scram.options.js';

/** 144 bits, which are 24 characters without padding. */
const NONCE_OCTETS = 18;

/** What all forms have. */
abstract class ScramMechanism implements SaslMechanism {
  readonly name: string;
  readonly #context: ScramContext;
  readonly #bindings: readonly ChannelBinding[];
  readonly #enabled: boolean;

  constructor(hash: ScramHash, plus: boolean, options: ScramOptions, authenticator: Authenticator) {
    this.name = `SCRAM-${hash}${plus ? '-PLUS' : ''}`;
    this.#bindings = options.channelBindings;
    this.#enabled = options.hashes.includes(hash);
    this.#context = {
      hash,
      plus,
      authenticator,
      fakes: new FakeKeys(options.iterations, options.secret),
      binding: (type, session) => {
        const supported = this.#bindings.find((one) => one === type);
        return supported === undefined ? undefined : session.tls?.channelBinding(supported);
      },
      offersPlus: (session) => this.#binds(session),
    };
  }

  offered(session: Session): boolean {
    const { plus, authenticator } = this.#context;
    return this.#enabled && authenticator.scram !== undefined && (!plus || this.#binds(session));
  }

  begin(session: Session): SaslExchange {
    return new ScramExchange(this.#context, session, encodeBase64(randomBytes(NONCE_OCTETS)));
  }

  #binds({ tls }: Session): boolean {
    return tls !== undefined && this.#bindings.some((type) => tls.channelBinding(type) !== undefined);
  }
}

/** SCRAM-SHA-256-PLUS. */
@injectable()
export class ScramSha256PlusMechanism extends ScramMechanism {
  constructor(@inject(Options) options: ScramOptions, @inject(Authenticator) authenticator: Authenticator) {
    super('SHA-256', true, options, authenticator);
  }
}

/** SCRAM-SHA-1-PLUS. */
@injectable()
export class ScramSha1PlusMechanism extends ScramMechanism {
  constructor(@inject(Options) options: ScramOptions, @inject(Authenticator) authenticator: Authenticator) {
    super('SHA-1', true, options, authenticator);
  }
}

/** SCRAM-SHA-256. */
@injectable()
export class ScramSha256Mechanism extends ScramMechanism {
  constructor(@inject(Options) options: ScramOptions, @inject(Authenticator) authenticator: Authenticator) {
    super('SHA-256', false, options, authenticator);
  }
}

/** SCRAM-SHA-1. */
@injectable()
export class ScramSha1Mechanism extends ScramMechanism {
  constructor(@inject(Options) options: ScramOptions, @inject(Authenticator) authenticator: Authenticator) {
    super('SHA-1', false, options, authenticator);
  }
}
