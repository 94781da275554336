/**
 * DNS lists (RFC 5782): what others know of a client's address, its HELO name, or the sender's domain.
 *
 * All lists are asked at once, and what they said is kept for the session; what they did not say is asked again with the next recipient.
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
  type Envelope,
  type Lifecycle,
  type Policy,
  type PolicyContext,
  type RcptInput,
  type Session,
  type Slot,
  type Verdict,
} from '@mailverb/contract';
import { DnsResolver, hostName, isPrivateAddress, reverseLabels, type DnsAnswer } from '@mailverb/dns';
import { matchesCidr } from '@mailverb/options';
import { cleanText, reply, type Reply } from '@mailverb/protocol';
import { isIP } from 'node:net';
import { inject, injectable } from 'tsyringe';
import { matchesCode } from './codes.js';
import type { DnsblList, DnsblOptions } from './dnsbl.options.js';
import { decide, scoreOf, type Asked, type Listing } from './score.js';

const PASS = pass();
const CLEAR: Listing = { kind: 'clear' };
const LISTED: Listing = { kind: 'listed' };
/** Of a list's own words: a reply is a line or two. */
const MAX_TEXT = 200;
/** Lists that a reply names. */
const MAX_NAMED = 3;

/** What is asked of one list. */
interface Question {
  readonly list: DnsblList;
  /** The name in the DNS. Never shown: the zone may hold a key. */
  readonly name: string;
}

/** What lists have said in this session, by the name that was asked for: at most the latest of each list. */
type Memory = Map<DnsblList, { readonly name: string; readonly listing: Listing }>;

/** The policy dnsbl. */
@injectable()
export class DnsblPolicy implements Policy, Lifecycle {
  readonly connect?: (input: ConnectInput, context: PolicyContext) => Promise<Verdict>;
  readonly rcpt?: (input: RcptInput, context: PolicyContext) => Promise<Verdict>;
  readonly #options: DnsblOptions;
  readonly #dns: DnsResolver;
  readonly #logger: Logger;
  /** Each policy has its own: it may stand twice, with other lists. What an address is, TLS does not change. */
  readonly #memory: Slot<Memory> = slot('dnsbl', 'connection', { survivesTls: true });
  /** What was noted in this transaction, so that a thousand recipients do not make a thousand notes. */
  readonly #noted: Slot<string> = slot('dnsbl notes', 'transaction');

  constructor(@inject(Options) options: DnsblOptions, @inject(Clock) clock: Clock, @inject(Logger) logger: Logger) {
    this.#options = options;
    this.#dns = new DnsResolver(options.dns, clock);
    this.#logger = logger;
    if (options.at === 'connect') {
      this.connect = ({ session }, { signal }) => this.#judge(session, undefined, signal);
    } else {
      this.rcpt = ({ session, envelope }, { signal }) => this.#judge(session, envelope, signal);
    }
  }

  stop(): void {
    this.#dns.close();
  }

  async #judge(session: Session, envelope: Envelope | undefined, signal: AbortSignal): Promise<Verdict> {
    const questions = this.#questions(session, envelope);
    if (questions.length === 0) return PASS;
    const memory = memoryOf(session, this.#memory);
    const asked = await Promise.all(
      questions.map(async (question) => ({ ...question, listing: await this.#ask(question, memory, session, signal) })),
    );
    const notes = notesOn(asked);
    const annotate = this.#isNews(session, notes) ? notes : undefined;
    const decision = decide(asked, this.#options);
    switch (decision) {
      case 'pass':
        return pass(annotate);
      case 'unknown':
        return { ...defer(this.#reply('later'), `lists did not answer: ${namesOf(asked, 'failed')}`), annotate };
      default: {
        const culprits = asked.filter(({ list, listing }) => listing.kind === 'listed' && list.weight > 0);
        const names = namesOf(culprits, 'listed');
        const reason = `score ${notes.score}, listed by ${names}`;
        if (decision === 'defer') return { ...defer(this.#reply('defer', names), reason), annotate };
        return { ...reject(this.#reply('reject', names, await this.#explain(culprits, signal)), reason), annotate };
      }
    }
  }

  #isNews(session: Session, notes: Readonly<Record<string, string>>): boolean {
    const text = Object.values(notes).join(' ');
    if (session.get(this.#noted) === text) return false;
    session.set(this.#noted, text);
    return true;
  }

  #questions(session: Session, envelope: Envelope | undefined): readonly Question[] {
    const { lists, allow } = this.#options;
    const { remoteAddress } = session;
    if (matchesCidr(allow, remoteAddress)) return [];
    // Nobody else knows anything of a private address, and what we ask tells of our network (also: a unix socket has none).
    const labels = isPrivateAddress(remoteAddress) ? undefined : reverseLabels(remoteAddress);
    // Sixty-three characters of nibbles, or fifteen of octets at most.
    const family = labels !== undefined && labels.length > 15 ? 'ipv6' : 'ipv4';
    const questions: Question[] = [];
    for (const list of lists) {
      const subject =
        list.of === 'address'
          ? list.families.includes(family)
            ? labels
            : undefined
          : domainOf(list.of === 'helo' ? session.heloName : envelope?.reversePath?.domain);
      if (subject !== undefined) questions.push({ list, name: `${subject}.${list.zone}` });
    }
    return questions;
  }

  async #ask({ list, name }: Question, memory: Memory, session: Session, signal: AbortSignal): Promise<Listing> {
    const known = memory.get(list);
    if (known?.name === name) return known.listing;
    const listing = listingOf(await this.#dns.a(name, signal), list);
    if (listing.kind !== 'failed') memory.set(list, { name, listing });
    else if (!signal.aborted) {
      this.#logger.warn(
        { list: nameOf(list), reason: listing.reason, session: session.id },
        'dnsbl: a list gave no answer that counts',
      );
    }
    return listing;
  }

  /** What the weightiest list has to say of it, if it is to be told. */
  async #explain(culprits: readonly (Asked & Question)[], signal: AbortSignal): Promise<string | undefined> {
    if (!this.#options.text) return undefined;
    const [first] = culprits.toSorted((a, b) => b.list.weight - a.list.weight);
    if (first === undefined) return undefined;
    const answer = await this.#dns.txt(first.name, signal);
    const text = answer.kind === 'found' ? (answer.records[0] ?? '') : '';
    // Where the zone has another name it may hold a key, which some lists say back.
    const tells = first.list.name !== undefined && text.toLowerCase().includes(first.list.zone);
    return text === '' || tells ? undefined : cleanText(text).slice(0, MAX_TEXT);
  }

  #reply(what: 'reject' | 'defer' | 'later', names = '', text?: string): Reply {
    // In the place of the greeting there is no enhanced status code (RFC 2034 4), and 554 and 421 are the codes for it (RFC 5321 3.1, 3.8).
    const greeting = this.#options.at === 'connect';
    const enhanced = (code: string) => (greeting ? undefined : code);
    switch (what) {
      case 'reject':
        return reply(
          greeting ? 554 : 550,
          enhanced('5.7.1'),
          `listed by ${names}${text === undefined ? '' : `: ${text}`}`,
        );
      case 'defer':
        return reply(greeting ? 421 : 451, enhanced('4.7.1'), `listed by ${names}, try again later`);
      default:
        return reply(greeting ? 421 : 451, enhanced('4.4.3'), 'cannot tell yet, try again later');
    }
  }
}

function memoryOf(session: Session, key: Slot<Memory>): Memory {
  const found = session.get(key);
  if (found !== undefined) return found;
  const memory: Memory = new Map();
  session.set(key, memory);
  return memory;
}

/** A domain that a list of domains may know: not an address, nor a name of one label. */
function domainOf(name: string | undefined): string | undefined {
  if (name === undefined || isIP(name) !== 0) return undefined;
  const domain = hostName(name);
  return domain?.includes('.') === true ? domain : undefined;
}

/** What an answer means: only addresses in 127.0.0.0/8 do, and not all of them. */
function listingOf(answer: DnsAnswer<string>, { codes }: DnsblList): Listing {
  if (answer.kind === 'failed') return answer;
  if (answer.kind === 'none') return CLEAR;
  const meant = answer.records.filter((address) => address.startsWith('127.') && !address.startsWith('127.255.255.'));
  if (codes === undefined) {
    // RFC 5782 2.1 has 127.0.0.2 and up; with 127.0.0.1 some lists say that they do not answer us.
    if (meant.some((address) => address !== '127.0.0.1')) return LISTED;
  } else {
    if (meant.some((address) => codes.some((pattern) => matchesCode(pattern, address)))) return LISTED;
    if (meant.length > 0) return CLEAR;
  }
  // An error told as an address, or a zone in which everything is answered since its owner has gone.
  return { kind: 'failed', reason: `answered ${answer.records[0] ?? 'nothing'}` };
}

function nameOf({ name, zone }: DnsblList): string {
  return name ?? zone;
}

function namesOf(asked: readonly Asked[], kind: Listing['kind']): string {
  const names = new Set<string>();
  for (const { list, listing } of asked) if (listing.kind === kind) names.add(nameOf(list));
  return [...names].slice(0, MAX_NAMED).join(', ');
}

function notesOn(asked: readonly Asked[]): { readonly score: string } & Readonly<Record<string, string>> {
  const names = (kind: Listing['kind']) => [
    ...new Set(asked.filter(({ listing }) => listing.kind === kind).map(({ list }) => nameOf(list))),
  ];
  const listed = names('listed');
  const silent = names('failed');
  return {
    score: String(scoreOf(asked)),
    ...(listed.length === 0 ? {} : { lists: listed.join(',') }),
    ...(silent.length === 0 ? {} : { silent: silent.join(',') }),
  };
}
