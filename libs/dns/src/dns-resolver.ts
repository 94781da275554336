/**
 * A stub resolver: asks recursive servers, in bounded time, and remembers.
 *
 * Under it is the resolver of Node (c-ares), which ignores the hosts file and search domains for what is asked here, goes over to TCP where an answer
 * is cut off, and follows aliases. It takes SERVFAIL and REFUSED of the first server that answers for the answer.
 */
import type { Clock } from '@mailverb/contract';
import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { reverseName } from './address.js';
import { NO_DATA, NO_SUCH_NAME, type DnsAnswer, type MxRecord } from './answer.js';
import { DnsCache } from './dns-cache.js';
import type { DnsOptions } from './dns.options.js';
import { hostName } from './host-name.js';

const SECOND = 1000;
/** The longest that records are remembered, whatever their TTL: somebody may have to change them in a hurry. */
const LONGEST_MS = 3600 * SECOND;
/** Where Node does not tell a TTL (MX, TXT, PTR): short, so that no change is missed for long, and a burst of sessions asks once. */
const UNTOLD_TTL_MS = 60 * SECOND;
/** "There is none" (RFC 2308 5 takes the SOA's word, which Node does not show). */
const NONE_MS = 30 * SECOND;
/** RFC 9520 3.2: failures are remembered too, for a second at least, so that a server in trouble is not asked by every session. */
const FAILURE_MS = 5 * SECOND;
/** Of one answer: beyond these nobody means well (attack A13). */
const MAX_RECORDS = 100;
/** Text of one answer; a longer one is cut off. Keys and policies are much shorter. */
const MAX_TEXT = 8192;

/** Records, and how long they may be remembered. */
interface Fetched<T> {
  readonly records: readonly T[];
  readonly ttlMs: number;
}

type Fetch<T> = (resolver: Resolver, name: string) => Promise<Fetched<T>>;

/** Asks the DNS. No method ever rejects: see {@link DnsAnswer}. Make one for each plugin, and `close` it when the plugin stops. */
export class DnsResolver {
  readonly #cache: DnsCache;
  /** Lookups under way, by what they ask: whoever asks the same waits for the same. */
  readonly #pending = new Map<string, Promise<DnsAnswer<unknown>>>();
  #resolver: Resolver | undefined;

  constructor(
    private readonly options: DnsOptions,
    private readonly clock: Clock,
  ) {
    this.#cache = new DnsCache(options.cache);
  }

  /** The IPv4 addresses of a name. */
  a(name: string, signal?: AbortSignal): Promise<DnsAnswer<string>> {
    return this.lookUp('A', noAddress(name), fetchA, signal);
  }

  /** The IPv6 addresses of a name. */
  aaaa(name: string, signal?: AbortSignal): Promise<DnsAnswer<string>> {
    return this.lookUp('AAAA', noAddress(name), fetchAaaa, signal);
  }

  /** The mail exchangers of a domain, in no order; those whose name can't be one are left out. */
  mx(name: string, signal?: AbortSignal): Promise<DnsAnswer<MxRecord>> {
    return this.lookUp('MX', hostName(name), fetchMx, signal);
  }

  /** The texts of a name, each of its strings in one (RFC 7208 3.3), an octet a character. */
  txt(name: string, signal?: AbortSignal): Promise<DnsAnswer<string>> {
    return this.lookUp('TXT', hostName(name), fetchTxt, signal);
  }

  /** The names that an address has in the reverse tree: claims of whoever has the address. Those that can't be names are left out. */
  ptr(address: string, signal?: AbortSignal): Promise<DnsAnswer<string>> {
    return this.lookUp('PTR', reverseName(address), fetchPtr, signal);
  }

  /** Gives up what is under way: it comes to `failed`. */
  close(): void {
    this.#resolver?.cancel();
  }

  private lookUp<T>(
    type: string,
    name: string | undefined,
    fetch: Fetch<T>,
    signal: AbortSignal | undefined,
  ): Promise<DnsAnswer<T>> {
    // A name that can't be one is in no zone: nothing of it is sent to anybody.
    if (name === undefined) return Promise.resolve(NO_SUCH_NAME);
    const key = `${type} ${name}`;
    // What is kept under a key came from the fetch of its type.
    const cached = this.#cache.get(key, this.clock.now()) as DnsAnswer<T> | undefined;
    if (cached !== undefined) return Promise.resolve(cached);
    let pending = this.#pending.get(key) as Promise<DnsAnswer<T>> | undefined;
    if (pending === undefined) {
      pending = this.ask(key, name, fetch);
      this.#pending.set(key, pending);
    }
    return signal === undefined ? pending : orAborted(pending, signal);
  }

  private async ask<T>(key: string, name: string, fetch: Fetch<T>): Promise<DnsAnswer<T>> {
    const { answer, ttlMs } = await this.inTime(fetch(this.resolver(), name));
    if (ttlMs > 0) this.#cache.set(key, answer, this.clock.now() + ttlMs);
    this.#pending.delete(key);
    return answer;
  }

  /** The tries of c-ares are made to fit into the time; this is for what they take longer, as with several servers that are slow in turn. */
  private inTime<T>(fetched: Promise<Fetched<T>>): Promise<{ answer: DnsAnswer<T>; ttlMs: number }> {
    return new Promise((resolve) => {
      const alarm = this.clock.after(this.options.timeout, () =>
        resolve({ answer: { kind: 'failed', reason: 'ETIMEOUT' }, ttlMs: FAILURE_MS }),
      );
      fetched.then(
        ({ records, ttlMs }) => {
          alarm.cancel();
          resolve({ answer: Object.freeze({ kind: 'found', records: Object.freeze(records) }), ttlMs });
        },
        (error: unknown) => {
          alarm.cancel();
          resolve(failureOf(error));
        },
      );
    });
  }

  /** Made when it is first needed: it reads the system's configuration. */
  private resolver(): Resolver {
    if (this.#resolver !== undefined) return this.#resolver;
    const { servers, timeout, tries } = this.options;
    const count = servers.length === 0 ? new Resolver().getServers().length : servers.length;
    // Each further round has twice the time of the one before.
    const first = Math.ceil(timeout / (Math.max(1, count) * (2 ** tries - 1)));
    const resolver = new Resolver({ timeout: first, tries });
    if (servers.length > 0) resolver.setServers(servers);
    this.#resolver = resolver;
    return resolver;
  }
}

/** The name, unless it is an address: that has no addresses, and asking for some would only tell others of it. */
function noAddress(name: string): string | undefined {
  return isIP(name) === 0 ? hostName(name) : undefined;
}

async function fetchA(resolver: Resolver, name: string): Promise<Fetched<string>> {
  return addressesOf(await resolver.resolve4(name, { ttl: true }));
}

async function fetchAaaa(resolver: Resolver, name: string): Promise<Fetched<string>> {
  return addressesOf(await resolver.resolve6(name, { ttl: true }));
}

function addressesOf(found: readonly { readonly address: string; readonly ttl: number }[]): Fetched<string> {
  let ttlMs = LONGEST_MS;
  for (const { ttl } of found) ttlMs = Math.min(ttlMs, ttl * SECOND);
  return { records: some(found.map(({ address }) => address)), ttlMs };
}

async function fetchMx(resolver: Resolver, name: string): Promise<Fetched<MxRecord>> {
  const records: MxRecord[] = [];
  for (const { priority, exchange } of some(await resolver.resolveMx(name))) {
    const host = exchange === '' || exchange === '.' ? '' : hostName(exchange);
    if (host !== undefined) records.push({ preference: priority, exchange: host });
  }
  return { records, ttlMs: UNTOLD_TTL_MS };
}

async function fetchTxt(resolver: Resolver, name: string): Promise<Fetched<string>> {
  let room = MAX_TEXT;
  const records = some(await resolver.resolveTxt(name)).map((strings) => {
    const text = strings.join('').slice(0, room);
    room -= text.length;
    return text;
  });
  return { records, ttlMs: UNTOLD_TTL_MS };
}

async function fetchPtr(resolver: Resolver, name: string): Promise<Fetched<string>> {
  const names = some(await resolver.resolvePtr(name)).map((one) => hostName(one));
  return { records: names.filter((one) => one !== undefined), ttlMs: UNTOLD_TTL_MS };
}

function some<T>(records: readonly T[]): readonly T[] {
  // Node gives an empty list for an alias that leads in circles.
  if (records.length === 0) throw Object.assign(new Error('no records'), { code: 'ENODATA' });
  return records.length > MAX_RECORDS ? records.slice(0, MAX_RECORDS) : records;
}

/** Only the code is used: the message has the name in it, and that may hold the key to a list. */
function failureOf(error: unknown): { answer: DnsAnswer<never>; ttlMs: number } {
  const code = codeOf(error);
  if (code === 'ENOTFOUND' || code === 'EBADNAME') return { answer: NO_SUCH_NAME, ttlMs: NONE_MS };
  if (code === 'ENODATA') return { answer: NO_DATA, ttlMs: NONE_MS };
  return { answer: { kind: 'failed', reason: code }, ttlMs: code === 'ECANCELLED' ? 0 : FAILURE_MS };
}

function codeOf(error: unknown): string {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'EUNKNOWN';
}

const ABORTED: DnsAnswer<never> = Object.freeze({ kind: 'failed', reason: 'EABORTED' });

/** Stops waiting; the lookup itself goes on, as others may wait for it, and ends by itself. */
function orAborted<T>(pending: Promise<DnsAnswer<T>>, signal: AbortSignal): Promise<DnsAnswer<T>> {
  if (signal.aborted) return Promise.resolve(ABORTED);
  return new Promise((resolve) => {
    const abort = (): void => resolve(ABORTED);
    signal.addEventListener('abort', abort, { once: true });
    void pending.then((answer) => {
      signal.removeEventListener('abort', abort);
      resolve(answer);
    });
  });
}
