/**
 * Relay control: who may send to any domain.
 *
 * It only vouches and never refuses: where nobody vouches for a recipient, the core does (550 5.7.1), so that neither the order
 * of policies nor a forgotten one can make an open relay (attack A17).
 */
import { Options, accept, pass, type Policy, type RcptInput, type Session, type Verdict } from '@mailverb/contract';
import { matchesCidr, type CidrList } from '@mailverb/options';
import { inject, injectable } from 'tsyringe';
import type { RelayControlOptions } from './relay-control.options.js';

const ACCEPT = accept();
const PASS = pass();

/** The policy relay-control. */
@injectable()
export class RelayControlPolicy implements Policy {
  readonly #networks: CidrList | undefined;
  /** True for every identity. */
  readonly #identities: ReadonlySet<string> | boolean;

  constructor(@inject(Options) { networks, authenticated }: RelayControlOptions) {
    this.#networks = networks.rules.length === 0 ? undefined : networks;
    this.#identities = typeof authenticated === 'boolean' ? authenticated : new Set(authenticated);
  }

  rcpt({ session }: RcptInput): Verdict {
    return this.trusts(session) ? ACCEPT : PASS;
  }

  private trusts({ identity, remoteAddress }: Session): boolean {
    const identities = this.#identities;
    if (identity !== undefined && (typeof identities === 'boolean' ? identities : identities.has(identity.name))) {
      return true;
    }
    return this.#networks !== undefined && matchesCidr(this.#networks, remoteAddress);
  }
}
