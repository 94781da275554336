/** EXTERNAL (RFC 4422 appendix A): the client is whom its TLS certificate says, and sends at most as whom it wants to act. */
import {
  Authenticator,
  type ClientCertificate,
  type SaslExchange,
  type SaslMechanism,
  type SaslStep,
  type Session,
} from '@mailverb/contract';
import { conclude, malformed, prepareName, readName } from '@mailverb/sasl-text';
import { inject, injectable } from 'tsyringe';

const BEGIN: SaslStep = { type: 'challenge', data: new Uint8Array(0) };
const NO_CERTIFICATE = malformed('no verified client certificate');
const NO_NAME = malformed('no authorization identity');

/** The mechanism EXTERNAL. */
@injectable()
export class ExternalMechanism implements SaslMechanism {
  readonly name = 'EXTERNAL';
  readonly #authenticator: Authenticator;

  constructor(@inject(Authenticator) authenticator: Authenticator) {
    this.#authenticator = authenticator;
  }

  offered({ tls }: Session): boolean {
    return tls?.clientCertificate !== undefined && this.#authenticator.certificate !== undefined;
  }

  begin(session: Session): SaslExchange {
    return {
      step: (response) => {
        const certificate = session.tls?.clientCertificate;
        if (certificate === undefined) return NO_CERTIFICATE;
        if (response === undefined) return BEGIN;
        const authzid = response.length === 0 ? undefined : readName(response);
        if (response.length > 0 && authzid === undefined) return NO_NAME;
        const proceed = () => this.#check(certificate, authzid, session);
        return { type: 'claim', name: claimOf(certificate), proceed };
      },
    };
  }

  async #check(certificate: ClientCertificate, authzid: string | undefined, session: Session): Promise<SaslStep> {
    const name = await this.#authenticator.certificate?.(certificate, session);
    return conclude(this.#authenticator, name, authzid, session);
  }
}

/**
 * What failures are counted by. Not the authorization identity: whoever has any certificate could lock out whom it likes. Whose certificate it is only
 * the authenticator can say, and it is not asked before the claim; so it is the certificate itself, by its subject, or by its fingerprint where
 * the subject is empty, too long, or nothing to write into a line.
 */
function claimOf({ subject, fingerprint }: ClientCertificate): string {
  return prepareName(subject) ?? `certificate ${fingerprint}`;
}
