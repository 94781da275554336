/** What a {@link TestDnsServer} knows: names and their records, as a plain table; and what it says to a question. */
import type { Answer } from 'dns-packet';

/**
 * What a server may do in place of answering: a response code; `silence`, no answer at all; `wrong-id`, an answer to something else; `garbage`,
 * octets that are no answer.
 */
export type DnsFault = 'NXDOMAIN' | 'SERVFAIL' | 'REFUSED' | 'silence' | 'wrong-id' | 'garbage';

/** The records of one name. A type that is not there is NODATA; a fault may stand in the place of a type's records. */
export interface DnsRecords {
  readonly A?: readonly string[] | DnsFault;
  readonly AAAA?: readonly string[] | DnsFault;
  /** Preference and exchange; `[0, '.']` alone is a null MX (RFC 7505). */
  readonly MX?: readonly (readonly [preference: number, exchange: string])[] | DnsFault;
  /** Each a text, or the strings that it consists of; what is too long for one string becomes several. */
  readonly TXT?: readonly (string | readonly string[])[] | DnsFault;
  readonly PTR?: readonly string[] | DnsFault;
  /** Followed through the table, as a recursive server would. */
  readonly CNAME?: string;
  /** Seconds; 300 if nothing is said. */
  readonly ttl?: number;
  /** Over UDP the answer is cut off, however short: who asks must come again over TCP (RFC 1035 4.2.1). */
  readonly truncated?: boolean;
}

/** Names to records. `*.example.org` stands for every name below that has no entry of its own; a name that is not there is NXDOMAIN. */
export type DnsTable = Readonly<Record<string, DnsRecords | DnsFault>>;

/** What is said to a question. */
export interface DnsResult {
  readonly fault?: DnsFault;
  readonly answers: readonly Answer[];
  readonly truncated: boolean;
}

const DEFAULT_TTL = 300;
/** A chain of aliases, or a circle of them, ends here. */
const MAX_ALIASES = 8;

/** A table that can be changed. */
export class DnsZone {
  readonly #names = new Map<string, DnsRecords | DnsFault>();

  constructor(table: DnsTable) {
    for (const [name, records] of Object.entries(table)) this.set(name, records);
  }

  set(name: string, records: DnsRecords | DnsFault): void {
    this.#names.set(canonical(name), records);
  }

  delete(name: string): void {
    this.#names.delete(canonical(name));
  }

  answer(name: string, type: string): DnsResult {
    const answers: Answer[] = [];
    let truncated = false;
    let at = canonical(name);
    for (let aliases = 0; aliases <= MAX_ALIASES; aliases++) {
      const found = this.find(at);
      if (found === undefined) {
        const fault = this.hasBelow(at) ? undefined : 'NXDOMAIN';
        return { ...(fault === undefined ? {} : { fault }), answers, truncated };
      }
      if (typeof found === 'string') return { fault: found, answers, truncated };
      truncated ||= found.truncated ?? false;
      const { CNAME, ttl = DEFAULT_TTL } = found;
      if (CNAME === undefined) {
        const own = recordsOf(at, type, found, ttl);
        return typeof own === 'string'
          ? { fault: own, answers, truncated }
          : { answers: [...answers, ...own], truncated };
      }
      answers.push({ type: 'CNAME', name: at, ttl, data: CNAME });
      at = canonical(CNAME);
    }
    return { answers, truncated };
  }

  private find(name: string): DnsRecords | DnsFault | undefined {
    const own = this.#names.get(name);
    if (own !== undefined) return own;
    for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
      const wild = this.#names.get(`*${name.slice(dot)}`);
      if (wild !== undefined) return wild;
    }
    return undefined;
  }

  /** A name below which there are others exists, and has no records (RFC 8020). */
  private hasBelow(name: string): boolean {
    for (const other of this.#names.keys()) if (other.endsWith(`.${name}`)) return true;
    return false;
  }
}

function canonical(name: string): string {
  return (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase();
}

function recordsOf(name: string, type: string, found: DnsRecords, ttl: number): readonly Answer[] | DnsFault {
  switch (type) {
    case 'A':
    case 'AAAA':
    case 'PTR': {
      const data = found[type] ?? [];
      return typeof data === 'string' ? data : data.map((one) => ({ type, name, ttl, data: one }));
    }
    case 'MX': {
      const data = found.MX ?? [];
      if (typeof data === 'string') return data;
      return data.map(([preference, exchange]) => ({ type, name, ttl, data: { preference, exchange } }));
    }
    case 'TXT': {
      const data = found.TXT ?? [];
      if (typeof data === 'string') return data;
      return data.map((one) => ({ type, name, ttl, data: stringsOf(one) }));
    }
    default:
      return [];
  }
}

/** A character-string has 255 octets at most (RFC 1035 3.3): a longer text becomes several. */
function stringsOf(text: string | readonly string[]): Buffer[] {
  return (typeof text === 'string' ? [text] : text).flatMap((one) => {
    const octets = Buffer.from(one);
    const strings: Buffer[] = [];
    for (let at = 0; at === 0 || at < octets.length; at += 255) strings.push(octets.subarray(at, at + 255));
    return strings;
  });
}
