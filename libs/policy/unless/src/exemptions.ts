/**
 * Who is exempt, stage by stage.
 *
 * An exemption counts from the stage on at which its fact is known: the sender from MAIL on, a recipient at its own RCPT. After that,
 * recipients exempt a message only if all of them are listed, so that one listed recipient lets no other in (defect K7).
 */
import type { Envelope, Session, Stage, StageInputs } from '@mailverb/contract';
import {
  matchesCidr,
  normalizeDomain,
  type AddressSet,
  type CidrList,
  type DomainSet,
  type IdentitySet,
} from '@mailverb/options';
import type { UnlessOptions } from './unless.options.js';

/** The lists of one instance. */
export class Exemptions {
  readonly #networks: CidrList | undefined;
  readonly #identities: IdentitySet;
  readonly #helo: DomainSet | undefined;
  readonly #senders: AddressSet | undefined;
  readonly #recipients: AddressSet | undefined;

  constructor({ networks, authenticated, helo, senders, recipients }: UnlessOptions) {
    this.#networks = networks;
    this.#identities = authenticated;
    this.#helo = helo;
    this.#senders = senders;
    this.#recipients = recipients;
  }

  /** True if what is known at this stage exempts. */
  covers<S extends Stage>(stage: S, input: StageInputs[S]): boolean {
    return this.client(input.session, heloName(input)) || AT[stage](input, this);
  }

  sender(path: Envelope['reversePath']): boolean {
    return this.#senders !== undefined && this.#senders.has(path);
  }

  recipient(mailbox: Envelope['recipients'][number]['mailbox']): boolean {
    return this.#recipients !== undefined && this.#recipients.has(mailbox);
  }

  envelope({ reversePath, recipients }: Envelope): boolean {
    return (
      this.sender(reversePath) || (recipients.length > 0 && recipients.every(({ mailbox }) => this.recipient(mailbox)))
    );
  }

  private client({ remoteAddress, identity }: Session, helo: string | undefined): boolean {
    if (this.#identities.has(identity)) return true;
    if (this.#networks !== undefined && matchesCidr(this.#networks, remoteAddress)) return true;
    if (this.#helo === undefined || helo === undefined) return false;
    const name = normalizeDomain(helo);
    return name !== undefined && this.#helo.has(name);
  }
}

/** At HELO the session does not have the new name yet. */
function heloName(input: StageInputs[Stage]): string | undefined {
  return 'name' in input ? input.name : input.session.heloName;
}

/** What each stage knows beside the client. */
const AT: { readonly [S in Stage]: (input: StageInputs[S], exempt: Exemptions) => boolean } = {
  connect: () => false,
  helo: () => false,
  auth: () => false,
  mail: ({ reversePath }, exempt) => exempt.sender(reversePath),
  rcpt: ({ envelope, mailbox }, exempt) => exempt.sender(envelope.reversePath) || exempt.recipient(mailbox),
  data: ({ envelope }, exempt) => exempt.envelope(envelope),
  message: ({ envelope }, exempt) => exempt.envelope(envelope),
};
