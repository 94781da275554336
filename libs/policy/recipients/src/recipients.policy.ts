/**
 * Recipients: which mailboxes are ours.
 *
 * Accepts who is there, refuses who would be ours and is not there, and passes on who belongs to another domain: that is for
 * relay-control to vouch for, or nobody does and the core refuses. A local part is looked up as it is; it is never taken apart for a
 * route, so nothing in it can name another domain (attack A17).
 */
import { Options, accept, pass, reject, type Policy, type RcptInput, type Verdict } from '@mailverb/contract';
import { foldLocal, type DomainSet } from '@mailverb/options';
import { reply, type Mailbox } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';
import type { RecipientsOptions } from './recipients.options.js';

const ACCEPT = accept();
const PASS = pass();
const NO_SUCH_USER = reject(reply(550, '5.1.1', 'no such user'), 'unknown user in our domain');
const ROUTE = reject(reply(550, '5.1.3', 'no routes in local parts'), 'unlisted local part or tag with %, ! or @');

/** The policy recipients. */
@injectable()
export class RecipientsPolicy implements Policy {
  readonly #domains: DomainSet;
  /** Local parts that are there in all our domains, and in one; as {@link fold} gives them. */
  readonly #everywhere = new Set<string>();
  readonly #byDomain = new Map<string, Set<string>>();
  readonly #anybodyListed: boolean;
  readonly #catchAll: DomainSet | boolean;

  constructor(@inject(Options) private readonly options: RecipientsOptions) {
    const { domains, users, catchAll } = options;
    this.#domains = domains;
    this.#anybodyListed = users !== undefined && users.length > 0;
    this.#catchAll = catchAll ?? users === undefined;
    for (const { mailbox, domain } of users ?? []) {
      const local = this.fold(mailbox);
      const known = domain === undefined ? this.#everywhere : this.#byDomain.get(domain);
      if (known !== undefined) known.add(local);
      else if (domain !== undefined) this.#byDomain.set(domain, new Set([local]));
    }
  }

  // On the path of every recipient: lookups in sets, constants for answers, and nothing allocated where case and tag are as listed.
  rcpt({ mailbox }: RcptInput): Verdict {
    // `<Postmaster>` alone has no host, and is always taken (RFC 5321 4.5.1).
    if (this.options.any || mailbox.host === undefined) return ACCEPT;
    if (!this.#domains.has(mailbox.domain)) return PASS;
    const listed = this.#anybodyListed ? this.listed(mailbox) : undefined;
    if (listed !== undefined) return listed;
    if (!this.caught(mailbox.domain)) return isPostmaster(mailbox.local) ? ACCEPT : NO_SUCH_USER;
    return this.refusesRoute(mailbox.local) ? ROUTE : ACCEPT;
  }

  /** The verdict on somebody who is listed, tagged or not; undefined for everybody else. */
  private listed(mailbox: Mailbox): Verdict | undefined {
    const local = this.fold(mailbox);
    const here = this.#byDomain.get(mailbox.domain);
    if (this.#everywhere.has(local) || here?.has(local) === true) return ACCEPT;
    const { subAddressing } = this.options;
    const tag = subAddressing === undefined ? -1 : local.indexOf(subAddressing);
    if (tag <= 0) return undefined;
    const user = local.slice(0, tag);
    if (!this.#everywhere.has(user) && here?.has(user) !== true && user.toLowerCase() !== 'postmaster')
      return undefined;
    // The user is listed, and the tag is not: `ann+victim%other.example` may be a route for a server behind this one.
    return this.refusesRoute(local.slice(tag)) ? ROUTE : ACCEPT;
  }

  private refusesRoute(unlisted: string): boolean {
    return this.options.routes === 'reject' && looksLikeRoute(unlisted);
  }

  private caught(domain: string): boolean {
    return typeof this.#catchAll === 'boolean' ? this.#catchAll : this.#catchAll.has(domain);
  }

  private fold(mailbox: Pick<Mailbox, 'local' | 'utf8'>): string {
    return this.options.ignoreCase ? foldLocal(mailbox) : mailbox.local;
  }
}

/** RFC 5321 4.5.1: in every domain, in any case. */
function isPostmaster(local: string): boolean {
  return local.length === 10 && local.toLowerCase() === 'postmaster';
}

/** `user%other.example`, `other.example!user`, `"user@other.example"`: what old servers sent on (attacks A7, A17). */
function looksLikeRoute(local: string): boolean {
  return local.includes('%') || local.includes('!') || local.includes('@');
}
