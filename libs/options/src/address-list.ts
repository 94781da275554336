/** Mail addresses as people list them: `ann@example.org`, a whole domain, `<>`. */
import { parseMailbox, type Mailbox, type ReversePath } from '@mailverb/protocol';
import { z } from 'zod';
import { DomainSet } from './domain-list.js';

/** The local part, as it is compared where case does not count: composed (NFC) and in lower case. */
export function foldLocal(mailbox: Pick<Mailbox, 'local' | 'utf8'>): string {
  return (mailbox.utf8 ? mailbox.local.normalize('NFC') : mailbox.local).toLowerCase();
}

/** Addresses and domains that a mailbox can be looked up in. Local parts are compared without regard to case. */
export class AddressSet {
  readonly #domains = new DomainSet();
  /** Local parts by domain. */
  readonly #addresses = new Map<string, Set<string>>();
  #null = false;

  /** True if nothing is listed. */
  get empty(): boolean {
    return this.#domains.empty && this.#addresses.size === 0 && !this.#null;
  }

  /** True if the address, its domain, or the null reverse-path is listed. */
  has(path: ReversePath): boolean {
    if (path === null) return this.#null;
    if (this.#domains.has(path.domain)) return true;
    return this.#addresses.get(path.domain)?.has(foldLocal(path)) ?? false;
  }

  /** Adds what somebody wrote; false if it is none of the forms. */
  add(text: string): boolean {
    if (text === '<>') {
      this.#null = true;
      return true;
    }
    // Also `postmaster` alone, the one address that needs no domain.
    const mailbox = parseMailbox(text);
    if (mailbox === undefined) return this.#domains.add(text);
    const locals = this.#addresses.get(mailbox.domain);
    if (locals === undefined) this.#addresses.set(mailbox.domain, new Set([foldLocal(mailbox)]));
    else locals.add(foldLocal(mailbox));
    return true;
  }
}

/**
 * A list of addresses (`ann@example.org`), domains (`example.org`, `*.example.org`) and, for senders, the null reverse-path (`<>`).
 * Gives an {@link AddressSet}.
 */
export function addressList() {
  return z.array(z.string()).transform((addresses, context) => {
    const set = new AddressSet();
    addresses.forEach((address, i) => {
      if (set.add(address)) return;
      const message = 'expected an address such as ann@example.org, or a domain such as example.org or *.example.org';
      context.addIssue({ code: 'custom', message, path: [i], input: address });
    });
    return set;
  });
}
