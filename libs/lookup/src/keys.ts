/**
 * Keys: what may be written in a table, and what is looked up in it. Both are brought into one form, so that a key is found however it is written:
 * local parts without regard to case, domains in lower-case A-labels.
 */
import { foldLocal, normalizeDomain } from '@mailverb/options';
import { parseMailbox, type Mailbox } from '@mailverb/protocol';

/** One kind of keys. */
export interface KeyForm<K> {
  /** Ends "expected …". */
  readonly expected: string;
  /** What somebody wrote, as the table has it; undefined if it is no key of this kind. */
  read(text: string): string | undefined;
  /** Under what a table may have it, the most special first. */
  candidates(key: K): readonly string[];
  /** As a service is asked for it: once, with the most special. */
  question(key: K): string;
}

/**
 * Mailboxes. A table may have `ann@example.org`, `postmaster` (the one without a domain), `example.org` for everybody there, and
 * `*.example.org` for everybody below it.
 */
export const ADDRESSES: KeyForm<Mailbox> = Object.freeze({
  expected: 'an address such as ann@example.org, or a domain such as example.org or *.example.org',
  read(text: string) {
    const mailbox = parseMailbox(text);
    return mailbox === undefined ? readDomain(text) : addressKey(mailbox);
  },
  candidates(mailbox: Mailbox) {
    // What stands before the last @ is never taken for a domain (attack A7): a domain has no @ in it.
    return mailbox.domain === '' ? [addressKey(mailbox)] : [addressKey(mailbox), ...domainKeys(mailbox.domain)];
  },
  question(mailbox: Mailbox) {
    return (mailbox.utf8 ? mailbox.address.normalize('NFC') : mailbox.address).toLowerCase();
  },
});

/** Domains, as mailboxes have them. A table may have `example.org`, `*.example.org` for all below it, and `[192.0.2.1]`. */
export const DOMAINS: KeyForm<string> = Object.freeze({
  expected: 'a domain such as example.org or *.example.org',
  read: readDomain,
  candidates: domainKeys,
  question: (domain: string) => domain,
});

/** Any text, which must be the same to the letter. */
export const TEXTS: KeyForm<string> = Object.freeze({
  expected: 'a text that is not empty',
  read: (text: string) => (text === '' ? undefined : text),
  candidates: (text: string) => [text],
  question: (text: string) => text,
});

/** Two mailboxes with one key are the same mailbox, to all who do not care about the case of local parts. */
export function addressKey(mailbox: Mailbox): string {
  return `${foldLocal(mailbox)}@${mailbox.domain}`;
}

function readDomain(text: string): string | undefined {
  const wild = text.startsWith('*.');
  const domain = normalizeDomain(wild ? text.slice(2) : text);
  if (domain === undefined || (wild && domain.startsWith('['))) return undefined;
  return wild ? `*.${domain}` : domain;
}

function domainKeys(domain: string): readonly string[] {
  const keys = [domain];
  if (domain.startsWith('[')) return keys;
  for (let dot = domain.indexOf('.'); dot !== -1; dot = domain.indexOf('.', dot + 1)) {
    keys.push(`*${domain.slice(dot)}`);
  }
  return keys;
}
