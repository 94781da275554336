/** What a server offers, as its EHLO reply says. */
import type { Reply } from '@mailverb/protocol';

/** EHLO keywords, in upper case, with what follows them. */
export class ServerCapabilities {
  private readonly keywords = new Map<string, string>();

  /** @param answer the reply to EHLO or LHLO; undefined for a server that knows HELO only, and so has none. */
  constructor(answer?: Reply) {
    for (const line of answer?.lines.slice(1) ?? []) {
      // `AUTH=LOGIN` is how old servers say it to old clients.
      const [keyword = '', ...rest] = line.trim().split(/[ =]/, MAX_WORDS);
      if (keyword === '' || this.keywords.size >= MAX_KEYWORDS) continue;
      const upper = keyword.toUpperCase();
      const before = this.keywords.get(upper);
      const argument = rest.filter(Boolean).join(' ');
      this.keywords.set(upper, before === undefined ? argument : `${before} ${argument}`.trim());
    }
  }

  has(keyword: string): boolean {
    return this.keywords.has(keyword);
  }

  /** What follows the keyword; undefined if it is not offered. */
  argument(keyword: string): string | undefined {
    return this.keywords.get(keyword);
  }

  /** The words behind the keyword, in upper case. */
  words(keyword: string): readonly string[] {
    const argument = this.keywords.get(keyword) ?? '';
    return argument === '' ? [] : argument.toUpperCase().split(' ');
  }

  /** All keywords. */
  list(): readonly string[] {
    return [...this.keywords.keys()];
  }

  /** Octets that it takes at most (RFC 1870); undefined where it does not say. */
  get size(): number | undefined {
    const words = this.words('SIZE');
    const octets = words[0] !== undefined && /^\d{1,15}$/.test(words[0]) ? Number(words[0]) : 0;
    return octets === 0 ? undefined : octets;
  }
}

/** More than these are no server's. */
const MAX_KEYWORDS = 100;
const MAX_WORDS = 50;
