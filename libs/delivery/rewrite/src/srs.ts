/**
 * SRS, the Sender Rewriting Scheme: a reverse-path of a domain of ours, by which bounces find back to the sender.
 *
 *     ann@example.org            SRS0=HASH=TT=example.org=ann@srs.example.net
 *     SRS0=...@first.example     SRS1=HASH=first.example==...@srs.example.net      the second forwarder; its bounce goes to the first
 *     SRS1=...@second.example    SRS1=HASH=first.example==...@srs.example.net      any further one
 *
 * TT is the day in base 32 (it comes round after 1024 days), HASH the beginning of a keyed hash of what follows it in small letters: local
 * parts lose their case on the way. Without the hash anybody could send anything to anybody through us (attack A17).
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Mailbox } from '@mailverb/protocol';
import { mailboxOf } from './mailbox-of.js';

const DAY = 86_400_000;
/** After so many days TT is the same again. */
const ROUND = 1024;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Keys that are to be seen nowhere: the first makes hashes, all are good. */
export class SrsSecrets {
  readonly #secrets: readonly string[];

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets;
  }

  /** The beginning of a hash, by the first key. */
  sign(algorithm: string, length: number, parts: readonly string[]): string {
    return hash(algorithm, this.#secrets[0] ?? '', parts).slice(0, length);
  }

  /** True if one of the keys has made it. All are tried, whichever fits. */
  verify(algorithm: string, given: string, parts: readonly string[]): boolean {
    const wanted = Buffer.from(given.toLowerCase(), 'utf8');
    let good = false;
    for (const secret of this.#secrets) {
      const made = Buffer.from(hash(algorithm, secret, parts).slice(0, given.length).toLowerCase(), 'utf8');
      if (made.length === wanted.length && timingSafeEqual(made, wanted)) good = true;
    }
    return good;
  }
}

/** How addresses are made. */
export interface SrsForm {
  /** Ours, to which bounces come. */
  readonly domain: string;
  readonly secrets: SrsSecrets;
  readonly hash: 'sha1' | 'sha256';
  readonly hashLength: number;
  /** Behind SRS0 and SRS1. */
  readonly separator: string;
  /** Milliseconds. */
  readonly maxAge: number;
}

/** What an address of ours was made of, or why it is none: of another form, not made by us, too old. */
export type Reversed = Mailbox | 'malformed' | 'forged' | 'expired';

/** The reverse-path for a message that goes on; undefined where there can be none: it would be too long, or has no domain. */
export function forwardSrs(form: SrsForm, mailbox: Mailbox, now: number): Mailbox | undefined {
  const { domain, secrets, hash: algorithm, hashLength, separator } = form;
  if (mailbox.host?.kind !== 'domain') return undefined;
  const sign = (...parts: readonly string[]) => secrets.sign(algorithm, hashLength, parts);
  const tag = tagOf(mailbox.local);
  const before = tag === 'SRS1' ? fieldsOf(mailbox.local, 3) : undefined;
  const chain = tag === 'SRS0' ? [mailbox.domain, mailbox.local.slice(4)] : before?.slice(1);
  if (chain !== undefined) {
    const [first = '', rest = ''] = chain;
    return mailboxOf(`SRS1${separator}${sign(first, rest)}=${first}=${rest}`, domain);
  }
  const day = dayOf(now);
  return mailboxOf(
    `SRS0${separator}${sign(day, mailbox.domain, mailbox.local)}=${day}=${mailbox.domain}=${mailbox.local}`,
    domain,
  );
}

/** Back to whom a bounce goes; undefined if the address is none of SRS. */
export function reverseSrs(form: SrsForm, mailbox: Mailbox, now: number): Reversed | undefined {
  const { secrets, hash: algorithm, hashLength, maxAge } = form;
  const tag = tagOf(mailbox.local);
  if (tag === undefined || mailbox.domain !== form.domain) return undefined;
  const [given = '', ...parts] = fieldsOf(mailbox.local, tag === 'SRS0' ? 4 : 3) ?? [];
  if (parts.length === 0) return 'malformed';
  if (given.length < hashLength || !secrets.verify(algorithm, given, parts)) return 'forged';
  if (tag === 'SRS1') {
    const [first = '', rest = ''] = parts;
    return tagOf(`SRS0${rest}`) === undefined ? 'malformed' : (mailboxOf(`SRS0${rest}`, first) ?? 'malformed');
  }
  const [day = '', domain = '', local = ''] = parts;
  const age = ageOf(day, now);
  if (age === undefined) return 'malformed';
  return age > maxAge / DAY ? 'expired' : (mailboxOf(local, domain) ?? 'malformed');
}

function tagOf(local: string): 'SRS0' | 'SRS1' | undefined {
  const separator = local[4];
  if (separator !== '=' && separator !== '+' && separator !== '-') return undefined;
  const tag = local.slice(0, 4).toUpperCase();
  return tag === 'SRS0' || tag === 'SRS1' ? tag : undefined;
}

/** What stands between the first so many `=`, and all the rest; undefined if there are fewer, or one is empty. */
function fieldsOf(local: string, count: number): readonly string[] | undefined {
  const fields: string[] = [];
  let from = 5;
  for (let i = 1; i < count; i++) {
    const at = local.indexOf('=', from);
    if (at <= from) return undefined;
    fields.push(local.slice(from, at));
    from = at + 1;
  }
  return from === local.length ? undefined : [...fields, local.slice(from)];
}

function hash(algorithm: string, secret: string, parts: readonly string[]): string {
  const hmac = createHmac(algorithm, secret);
  for (const part of parts) hmac.update(part.toLowerCase(), 'utf8');
  return hmac.digest('base64');
}

function dayOf(now: number): string {
  const day = Math.floor(now / DAY) % ROUND;
  return `${BASE32.charAt(day >> 5)}${BASE32.charAt(day & 31)}`;
}

/** In days. A server whose clock is a little ahead has made addresses tomorrow. */
function ageOf(day: string, now: number): number | undefined {
  const high = BASE32.indexOf(day.charAt(0).toUpperCase());
  const low = BASE32.indexOf(day.charAt(1).toUpperCase());
  if (day.length !== 2 || high === -1 || low === -1) return undefined;
  const age = (((Math.floor(now / DAY) - (high * 32 + low)) % ROUND) + ROUND) % ROUND;
  return age === ROUND - 1 ? 0 : age;
}
