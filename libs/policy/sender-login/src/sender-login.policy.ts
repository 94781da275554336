/**
 * Sender login: who may send in whose name (RFC 6409 6.1).
 *
 * Whoever has not proved who it is is none of its business: `require` and `relay-control` see to those. The reverse-path is looked up as the grammar has
 * read it, never as text (attack A7).
 */
import {
  Options,
  pass,
  reject,
  type Identity,
  type MailInput,
  type Policy,
  type Refusal,
  type Verdict,
} from '@mailverb/contract';
import { AddressSet, foldLocal, type DomainSet } from '@mailverb/options';
import { cleanText, parseMailbox, reply, type Mailbox, type ReversePath } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';
import { EVERYBODY, type SenderLoginOptions } from './sender-login.options.js';

const PASS = pass();
const NOT_YOURS = reply(553, '5.7.1', 'you may not send as this address');
/** Of a name, in a reason. */
const LONGEST_SHOWN = 255;

/** The policy sender-login. */
@injectable()
export class SenderLoginPolicy implements Policy {
  readonly #own: boolean;
  readonly #domains: DomainSet;
  readonly #senders: ReadonlyMap<string, AddressSet>;
  readonly #everybody: AddressSet;
  readonly #tag: string | undefined;
  readonly #null: boolean;

  constructor(@inject(Options) { own, domains, senders, subAddressing, nullSender }: SenderLoginOptions) {
    this.#own = own;
    this.#domains = domains;
    this.#everybody = senders.get(EVERYBODY) ?? new AddressSet();
    // Nobody gets what everybody has by calling himself that: it would be the same, but it is not his.
    this.#senders = new Map([...senders].filter(([identity]) => identity !== EVERYBODY));
    this.#tag = subAddressing;
    this.#null = nullSender === 'allow';
  }

  mail({ session: { identity }, reversePath }: MailInput): Verdict {
    if (identity === undefined || this.#may(identity, reversePath)) return PASS;
    return refusal(identity, reversePath);
  }

  #may({ name }: Identity, path: ReversePath): boolean {
    if (path === null && this.#null) return true;
    const listed = this.#senders.get(name);
    const may = (one: ReversePath): boolean =>
      this.#everybody.has(one) || listed?.has(one) === true || (this.#own && one !== null && this.#is(name, one));
    return may(path) || (path !== null && this.#tagged(path, may));
  }

  /** True if the address is the identity's own. */
  #is(name: string, path: Mailbox): boolean {
    const address = parseMailbox(name);
    if (address?.host !== undefined) return address.domain === path.domain && foldLocal(address) === foldLocal(path);
    return this.#domains.has(path.domain) && foldLocal({ local: name, utf8: true }) === foldLocal(path);
  }

  #tagged(path: Mailbox, may: (one: Mailbox) => boolean): boolean {
    if (this.#tag === undefined) return false;
    const at = path.local.indexOf(this.#tag);
    return at > 0 && may({ ...path, local: path.local.slice(0, at) });
  }
}

function refusal({ name }: Identity, path: ReversePath): Refusal {
  const who = cleanText(name).slice(0, LONGEST_SHOWN);
  return reject(NOT_YOURS, `${who} may not send as ${path === null ? '<>' : cleanText(path.address)}`);
}
