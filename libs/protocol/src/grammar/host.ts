/** A host: a domain or an address literal (RFC 5321 4.1.2 and 4.1.3). */
import { isIpv4, isIpv6 } from './address-literal.js';
import { CLOSE, DCONTENT, HYPHEN, LET_DIG, OPEN, classOf } from './chars.js';
import { LONG, MAX_DOMAIN, SYNTAX, canonicalDomain } from './domain.js';
import type { Host } from './types.js';

/** How {@link parseHost} may be lenient. */
export interface HostOptions {
  /** Lets `_` stand where a letter may: the names that clients give themselves in HELO and EHLO often have one. */
  readonly underscores?: boolean;
}

/**
 * Reads a domain or an address literal; undefined if it is neither.
 *
 * A domain may consist of numbers (`192.0.2.1`, which the grammar allows and many clients say in HELO): it is then of the
 * kind `domain`, and means no address. In a mailbox it may not.
 */
export function parseHost(text: string, options?: HostOptions): Host | undefined {
  const host = readHost(text, options?.underscores === true);
  return typeof host === 'object' ? host : undefined;
}

/** {@link parseHost} that says what is wrong. */
export function readHost(text: string, underscores: boolean): Host | typeof SYNTAX | typeof LONG {
  if (text.charCodeAt(0) === OPEN) {
    if (text.length > MAX_DOMAIN) return LONG;
    return readLiteral(text) ?? SYNTAX;
  }
  const name = canonicalDomain(text, underscores);
  return typeof name === 'string' ? { kind: 'domain', name } : name;
}

function readLiteral(text: string): Host | undefined {
  const end = text.length - 1;
  if (text.charCodeAt(end) !== CLOSE) return undefined;
  const inside = text.slice(1, end);
  const colon = inside.indexOf(':');
  if (colon < 0) return isIpv4(inside) ? { kind: 'ipv4', name: text, address: inside } : undefined;
  const tag = inside.slice(0, colon);
  if (!isTag(tag)) return undefined;
  if (tag.toLowerCase() === 'ipv6') {
    const address = inside.slice(colon + 1).toLowerCase();
    return isIpv6(address) ? { kind: 'ipv6', name: `[IPv6:${address}]`, address } : undefined;
  }
  const content = inside.slice(colon + 1);
  return isContent(content) ? { kind: 'general', name: text, tag, content } : undefined;
}

/** RFC 5321 4.1.3 `Standardized-tag`: an `Ldh-str`, which may begin with a hyphen but not end with one. */
function isTag(tag: string): boolean {
  if (tag.length === 0 || tag.charCodeAt(tag.length - 1) === HYPHEN) return false;
  for (let at = 0; at < tag.length; at++) {
    const code = tag.charCodeAt(at);
    if ((classOf(code) & LET_DIG) === 0 && code !== HYPHEN) return false;
  }
  return true;
}

function isContent(content: string): boolean {
  if (content.length === 0) return false;
  for (let at = 0; at < content.length; at++) {
    if ((classOf(content.charCodeAt(at)) & DCONTENT) === 0) return false;
  }
  return true;
}
