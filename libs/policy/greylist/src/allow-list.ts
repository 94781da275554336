/** Who does not wait, by configuration. Each recipient is looked at alone (defect K7), networks are bits (defect K8). */
import type { Session } from '@mailverb/contract';
import { matchesCidr, normalizeDomain } from '@mailverb/options';
import type { Mailbox, ReversePath } from '@mailverb/protocol';
import type { AllowedTriple, GreylistOptions } from './greylist.options.js';

/** What is asked about. */
export interface Asked {
  readonly session: Session;
  readonly sender: ReversePath;
  readonly recipient: Mailbox;
}

/** By what somebody passes without waiting. */
export type AllowedBy = 'identity' | 'trusted peer' | 'client' | 'sender' | 'recipient' | 'triple';

/** The lists of one instance. */
export class AllowList {
  readonly #allow: GreylistOptions['allow'];
  readonly #exempt: GreylistOptions['exempt'];
  /** A list that nobody is on need not be asked: reading an address costs a microsecond. */
  readonly #hasClients: boolean;

  constructor({ allow, exempt }: Pick<GreylistOptions, 'allow' | 'exempt'>) {
    this.#allow = allow;
    this.#exempt = exempt;
    this.#hasClients = allow.clients.rules.length > 0;
  }

  /** Undefined for who waits. */
  find({ session, sender, recipient }: Asked): AllowedBy | undefined {
    const { clients, senders, recipients, triples } = this.#allow;
    if (this.#exempt.authenticated.has(session.identity)) return 'identity';
    if (this.#exempt.trustedPeers && session.trustedPeer) return 'trusted peer';
    if (this.#hasClients && matchesCidr(clients, session.remoteAddress)) return 'client';
    if (!senders.empty && senders.has(sender)) return 'sender';
    if (!recipients.empty && recipients.has(recipient)) return 'recipient';
    return triples.some((triple) => matches(triple, { session, sender, recipient })) ? 'triple' : undefined;
  }
}

function matches(triple: AllowedTriple, { session, sender, recipient }: Asked): boolean {
  if (triple.sender?.has(sender) === false || !triple.recipient.has(recipient)) return false;
  if (!matchesCidr(triple.client, session.remoteAddress)) return false;
  if (triple.helo === undefined) return true;
  const name = session.heloName === undefined ? undefined : normalizeDomain(session.heloName);
  return name !== undefined && triple.helo.has(name);
}
