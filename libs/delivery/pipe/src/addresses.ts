/**
 * Which addresses a program may be given, by allow-list (attacks A11, A12).
 *
 * There is no shell here, but there may be one in the program, which may also make file names of what it is given. So by default a local part of a
 * recipient has only what a name of a mailbox needs, and a sender only what RFC 5321 lets stand without quotes: no space, no quote, no bracket, no
 * backslash, no control, and nothing outside ASCII.
 */
import type { Mailbox } from '@mailverb/protocol';

/** `plain`: by allow-list. `any`: whatever is an address. */
export type Addresses = 'plain' | 'any';

const LETTERS_AND_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const RECIPIENT = new Set(`${LETTERS_AND_DIGITS}_+=-.`);
/** RFC 5322's atext and the dot. */
const SENDER = new Set(`${LETTERS_AND_DIGITS}!#$%&'*+-/=?^_\`{|}~.`);
/** Of domains, and of IPv4 and IPv6 in brackets. */
const DOMAIN = new Set(`${LETTERS_AND_DIGITS}-.:[]`);
/** What else there is to tell a program: names of hosts, of people who have logged in, original recipients. */
const CLEAN = new Set(`${LETTERS_AND_DIGITS}_+=-.:[]@!#%&/`);

/** True if a program may be given this recipient. */
export function isFitRecipient({ local, domain, utf8 }: Mailbox, addresses: Addresses): boolean {
  return addresses === 'any' || (!utf8 && isPlainName(local) && isMadeOf(domain, DOMAIN));
}

/** True if a program may be given this sender. */
export function isFitSender({ address, local, domain, utf8 }: Mailbox, addresses: Addresses): boolean {
  // What has to be quoted is longer as an address than its parts are: `..`@, for one, is made of nothing but harmless dots.
  const unquoted = address.length === local.length + 1 + domain.length || domain === '';
  return addresses === 'any' || (!utf8 && unquoted && isMadeOf(local, SENDER) && isMadeOf(domain, DOMAIN));
}

/** Text that nobody has checked, with everything replaced by `_` that might mean something to a careless program. */
export function cleanValue(text: string): string {
  let clean = '';
  for (const character of text.slice(0, MAX_VALUE)) clean += CLEAN.has(character) ? character : '_';
  return clean;
}

const MAX_VALUE = 1000;

/** No name of a mailbox begins or ends with a dot, or has two together: `..` is another folder. */
function isPlainName(local: string): boolean {
  return local !== '' && isMadeOf(local, RECIPIENT) && !local.startsWith('.') && !`${local}.`.includes('..');
}

function isMadeOf(text: string, characters: ReadonlySet<string>): boolean {
  for (const character of text) if (!characters.has(character)) return false;
  return true;
}
