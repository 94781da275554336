/**
 * Forward-confirmed reverse DNS: a host that sends mail has a name, which leads back to its address (RFC 8601 2.7.3 `iprev`).
 *
 * Asked once a session. Where a trusted peer has told the client's name (XCLIENT), it has asked, and is believed.
 */
import {
  Clock,
  Logger,
  Options,
  defer,
  pass,
  reject,
  slot,
  type ConnectInput,
  type Lifecycle,
  type Policy,
  type PolicyContext,
  type RcptInput,
  type Session,
  type Slot,
  type Verdict,
} from '@mailverb/contract';
import { DnsResolver, hostName, isPrivateAddress } from '@mailverb/dns';
import { matchesCidr } from '@mailverb/options';
import { reply } from '@mailverb/protocol';
import { isIP } from 'node:net';
import { inject, injectable } from 'tsyringe';
import type { FcrdnsOptions } from './fcrdns.options.js';
import { looksGeneric } from './generic.js';
import { findName, type ReverseDns } from './reverse-dns.js';

const PASS = pass();

type Notes = Readonly<Record<string, string>>;
type Refused = 'nameless' | 'unconfirmed' | 'generic' | 'failed';

/** RFC 7372 3.3 has X.7.25 for what is refused by reverse DNS. */
const WORDS: Readonly<Record<Refused, { readonly text: string; readonly detail: string; readonly reason: string }>> = {
  nameless: { text: 'your address has no name', detail: '7.25', reason: 'no PTR' },
  unconfirmed: {
    text: 'the name of your address does not lead back to it',
    detail: '7.25',
    reason: 'PTR not confirmed',
  },
  generic: { text: 'your host has the name of a dynamic address', detail: '7.1', reason: 'generic name' },
  failed: { text: 'the name of your address cannot be looked up now', detail: '4.3', reason: 'DNS failed' },
};

/** The policy fcrdns. */
@injectable()
export class FcrdnsPolicy implements Policy, Lifecycle {
  readonly connect?: (input: ConnectInput, context: PolicyContext) => Promise<Verdict>;
  readonly rcpt?: (input: RcptInput, context: PolicyContext) => Promise<Verdict>;
  readonly #options: FcrdnsOptions;
  readonly #dns: DnsResolver;
  readonly #logger: Logger;
  /** By address: a trusted peer may present another client. Each policy has its own, with its own DNS. */
  readonly #found: Slot<{ readonly address: string; readonly result: ReverseDns }> = slot('fcrdns', 'connection', {
    survivesTls: true,
  });
  /** What was noted in this transaction, so that a thousand recipients do not make a thousand notes. */
  readonly #noted: Slot<string> = slot('fcrdns notes', 'transaction');

  constructor(@inject(Options) options: FcrdnsOptions, @inject(Clock) clock: Clock, @inject(Logger) logger: Logger) {
    this.#options = options;
    this.#dns = new DnsResolver(options.dns, clock);
    this.#logger = logger;
    const judge = ({ session }: ConnectInput, { signal }: PolicyContext) => this.#judge(session, signal);
    if (options.at === 'connect') this.connect = judge;
    else this.rcpt = judge;
  }

  stop(): void {
    this.#dns.close();
  }

  async #judge(session: Session, signal: AbortSignal): Promise<Verdict> {
    const { remoteAddress } = session;
    if (matchesCidr(this.#options.allow, remoteAddress)) return PASS;
    const result = await this.#find(session, signal);
    if (result === undefined) return PASS;
    switch (result.kind) {
      case 'confirmed': {
        const annotate = this.#news(session, { iprev: 'pass', rdns: result.name });
        const { generic } = this.#options;
        if (generic === 'pass' || !this.#isGeneric(result.name, remoteAddress)) return pass(annotate);
        return this.#refuse('generic', generic, annotate, result.name);
      }
      case 'unconfirmed':
        return this.#refuse('unconfirmed', this.#options.unconfirmed, this.#news(session, { iprev: 'fail' }));
      case 'nameless':
        return this.#refuse('nameless', this.#options.noName, this.#news(session, { iprev: 'permerror' }));
      default: {
        const annotate = this.#news(session, { iprev: 'temperror' });
        return this.#refuse('failed', this.#options.onFailure, annotate, result.reason);
      }
    }
  }

  /** Undefined where there is nobody to be asked about. */
  async #find(session: Session, signal: AbortSignal): Promise<ReverseDns | undefined> {
    const { remoteAddress: address, remoteName } = session;
    const told = remoteName === undefined ? undefined : hostName(remoteName);
    if (told !== undefined) return { kind: 'confirmed', name: told };
    if (isIP(address) === 0 || (isPrivateAddress(address) && !this.#options.askPrivate)) return undefined;
    const known = session.get(this.#found);
    if (known?.address === address) return known.result;
    const result = await findName(this.#dns, address, this.#options.maxNames, signal);
    // What failed is asked again with the next recipient.
    if (result.kind !== 'failed') session.set(this.#found, { address, result });
    else if (!signal.aborted) {
      this.#logger.warn(
        { reason: result.reason, session: session.id },
        'fcrdns: the DNS could not tell the name of a client',
      );
    }
    return result;
  }

  #isGeneric(name: string, address: string): boolean {
    const { genericNames, properNames } = this.#options;
    return !properNames.has(name) && (genericNames.has(name) || looksGeneric(name, address));
  }

  #news(session: Session, notes: Notes): Notes | undefined {
    const text = Object.values(notes).join(' ');
    if (session.get(this.#noted) === text) return undefined;
    session.set(this.#noted, text);
    return notes;
  }

  #refuse(what: Refused, action: 'reject' | 'defer' | 'pass', annotate: Notes | undefined, cause?: string): Verdict {
    if (action === 'pass') return pass(annotate);
    const words = WORDS[what];
    // In the place of the greeting there is no enhanced status code (RFC 2034 4), and 554 and 421 are the codes for it (RFC 5321 3.1, 3.8).
    const greeting = this.#options.at === 'connect';
    const reason = cause === undefined ? words.reason : `${words.reason}: ${cause}`;
    if (action === 'reject') {
      const answer = reply(greeting ? 554 : 550, greeting ? undefined : `5.${words.detail}`, words.text);
      return { ...reject(answer, reason), annotate };
    }
    const answer = reply(
      greeting ? 421 : 451,
      greeting ? undefined : `4.${words.detail}`,
      `${words.text}, try again later`,
    );
    return { ...defer(answer, reason), annotate };
  }
}
