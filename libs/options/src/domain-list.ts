/** Domains as people list them: `example.org`, `*.example.org`, `[192.0.2.1]`. */
import { parseHost } from '@mailverb/protocol';
import { z } from 'zod';

/** Domains that a mailbox's domain (`Mailbox.domain`) or a host name in A-labels can be looked up in. */
export class DomainSet {
  readonly #exact = new Set<string>();
  /** `example.org` for `*.example.org`. */
  readonly #parents = new Set<string>();

  /** True if nothing is listed. */
  get empty(): boolean {
    return this.#exact.size === 0 && this.#parents.size === 0;
  }

  /** True if the domain is listed, or is below one that is listed with `*.`. One lookup, and one a label where `*.` is used. */
  has(domain: string): boolean {
    if (this.#exact.has(domain)) return true;
    if (this.#parents.size === 0) return false;
    for (let dot = domain.indexOf('.'); dot !== -1; dot = domain.indexOf('.', dot + 1)) {
      if (this.#parents.has(domain.slice(dot + 1))) return true;
    }
    return false;
  }

  /** Adds what somebody wrote; false if it is no domain. */
  add(text: string): boolean {
    const wild = text.startsWith('*.');
    const domain = normalizeDomain(wild ? text.slice(2) : text);
    if (domain === undefined || (wild && domain.startsWith('['))) return false;
    (wild ? this.#parents : this.#exact).add(domain);
    return true;
  }
}

/**
 * A domain or an address literal as mailboxes have it (lower case, A-labels), or undefined if it is neither.
 * Underscores are let through: names that clients give in HELO have them, and where no mailbox can have one they match nothing.
 */
export function normalizeDomain(text: string): string | undefined {
  return parseHost(text, { underscores: true })?.name;
}

/**
 * A list of domains: `example.org` is that one, `*.example.org` all below it (and not itself), `[192.0.2.1]` an address literal.
 * In letters or in A-labels, in any case. Gives a {@link DomainSet}. A default is written as `domainList().prefault(['example.org'])`.
 */
export function domainList() {
  return z.array(z.string()).transform((domains, context) => {
    const set = new DomainSet();
    domains.forEach((domain, i) => {
      if (set.add(domain)) return;
      const message = 'expected a domain such as example.org or *.example.org';
      context.addIssue({ code: 'custom', message, path: [i], input: domain });
    });
    return set;
  });
}
