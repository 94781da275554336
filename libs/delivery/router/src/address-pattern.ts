/**
 * Patterns of addresses: `*-bounces@example.org`, `info@*.example.org`. What stands before the last @ is compared with the local part and what stands
 * behind it with the domain, so that no quoted local part looks like a domain (attack A7).
 */
import { foldLocal, normalizeDomain } from '@mailverb/options';
import { z } from 'zod';
import { Glob } from './glob.js';

interface AddressPattern {
  readonly local: Glob;
  readonly domain: Glob;
}

/** A mailbox as far as patterns look at it. */
interface Address {
  readonly local: string;
  readonly utf8: boolean;
  readonly domain: string;
}

/** Several patterns, of which one must fit. */
export class AddressPatterns {
  readonly #patterns: AddressPattern[] = [];

  /** @param domain that of a mailbox without one. */
  has(mailbox: Address, domain = mailbox.domain): boolean {
    const local = foldLocal(mailbox);
    return this.#patterns.some((pattern) => pattern.domain.matches(domain) && pattern.local.matches(local));
  }

  /** Adds what somebody wrote; false if it is no pattern. */
  add(text: string): boolean {
    const at = text.lastIndexOf('@');
    const domain = at < 1 ? undefined : domainPattern(text.slice(at + 1));
    if (domain === undefined) return false;
    this.#patterns.push({ local: new Glob(text.slice(0, at).normalize('NFC')), domain: new Glob(domain) });
    return true;
  }
}

/** A list of patterns. Gives {@link AddressPatterns}. */
export function addressPatterns() {
  return z.array(z.string()).transform((patterns, context) => {
    const set = new AddressPatterns();
    patterns.forEach((pattern, i) => {
      if (set.add(pattern)) return;
      const message = 'expected a pattern such as *-bounces@example.org or info@*.example.org';
      context.addIssue({ code: 'custom', message, path: [i], input: pattern });
    });
    return set;
  });
}

/** Domains are compared as A-labels: of a pattern only a whole domain can be made one. */
function domainPattern(text: string): string | undefined {
  if (!text.includes('*')) return normalizeDomain(text);
  return /^[a-z0-9.*_:[\]-]+$/i.test(text) ? text : undefined;
}
