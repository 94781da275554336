/**
 * Relay control: who may send to any domain.
 *
 * It only vouches and never refuses: where nobody vouches for a recipient, the core does (550 5.7.1), so that neither the order
 * of policies nor a forgotten one can make an open relay (attack A17).
 */
import { Options, accept, pass, type Policy, type RcptInput, type Verdict } from '@mailverb/contract';
import { matchesCidr, type CidrList, type IdentitySet } from '@mailverb/options';
import { inject, injectable } from 'tsyringe';
import type { RelayControlOptions } from './relay-control.options.js';

const ACCEPT = accept();
const PASS = pass();

/** The policy relay-control. */
@injectable()
export class RelayControlPolicy implements Policy {
  readonly #networks: CidrList | undefined;
  readonly #identities: IdentitySet;

  constructor(@inject(Options) { networks, authenticated }: RelayControlOptions) {
    this.#networks = networks.rules.length === 0 ? undefined : networks;
    this.#identities = authenticated;
  }

  rcpt({ session: { identity, remoteAddress } }: RcptInput): Verdict {
    if (this.#identities.has(identity)) return ACCEPT;
    return this.#networks !== undefined && matchesCidr(this.#networks, remoteAddress) ? ACCEPT : PASS;
  }
}
