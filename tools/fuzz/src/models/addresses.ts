/**
 * RFC 5321's addresses, slowly and obviously: regular expressions as the ABNF has them, every way to take a text apart tried, node's own reader of
 * IP addresses. For ASCII it says exactly what is an address; of other text it says what a result must look like.
 */
import { isIPv4 } from 'node:net';
import { isAddress } from './ip.js';

const ATEXT = "[A-Za-z0-9!#$%&'*+\\-/=?^_`{|}~]";
const DOT_STRING = new RegExp(`^${ATEXT}+(?:\\.${ATEXT}+)*$`);
const QUOTED = /^"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*"$/;
const LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$/;
/** With underscores, as HELO has them: they stand where letters may. */
const LABEL_OF_CLIENTS = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?$/;
const TAG = /^[A-Za-z0-9-]*[A-Za-z0-9]$/;
const DCONTENT = /^[\x21-\x5a\x5e-\x7e]+$/;
const NUMBER = /^(?:\d+|0[xX][0-9a-fA-F]*)$/;

/** True if every character is ASCII. */
export const isPlain = (text: string): boolean => !/[^\0-\x7f]/.test(text);

/** A domain of ASCII: labels of 63 octets, all of them 255. */
export function isDomain(text: string, underscores = false): boolean {
  const label = underscores ? LABEL_OF_CLIENTS : LABEL;
  return text.length <= 255 && text.split('.').every((one) => one.length <= 63 && label.test(one));
}

/** True if the last label is a number: no domain of the Internet, and an address to some resolvers. */
export function isNumeric(domain: string): boolean {
  return NUMBER.test(domain.slice(domain.lastIndexOf('.') + 1));
}

/** What stands in brackets. */
export function isLiteral(text: string): boolean {
  if (text.length > 255 || !text.startsWith('[') || !text.endsWith(']') || text.length < 3) return false;
  const inside = text.slice(1, -1);
  if (!inside.includes(':')) return isIPv4(inside);
  const [tag = ''] = inside.split(':', 1);
  const content = inside.slice(tag.length + 1);
  if (!TAG.test(tag)) return false;
  if (tag.toLowerCase() !== 'ipv6') return DCONTENT.test(content);
  return content.includes(':') && isAddress(content);
}

/** A mailbox of ASCII without its brackets, as RFC 5321 4.1.2 and 4.5.3.1 want it, and as it is written. */
export function canonicalMailbox(text: string): string | undefined {
  if (text.length > 254) return undefined;
  if (/^postmaster$/i.test(text)) return text;
  for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) {
    const local = canonicalLocal(text.slice(0, at));
    const host = text.slice(at + 1);
    if (local === undefined || local.length > 64) continue;
    const domain =
      isDomain(host) && !isNumeric(host) ? host.toLowerCase() : isLiteral(host) ? canonicalLiteral(host) : undefined;
    if (domain !== undefined) return local.length + 1 + domain.length > 254 ? undefined : `${local}@${domain}`;
  }
  return undefined;
}

/** The argument of MAIL or RCPT, of ASCII: each `>` is tried as the end of the path. */
export function pathOf(
  args: string,
  keyword: 'FROM' | 'TO',
): { readonly address: string | null; readonly rest: string } | undefined {
  const begin = new RegExp(`^${keyword}: *<`, 'i').exec(args)?.[0];
  if (begin === undefined) return undefined;
  for (let close = args.indexOf('>', begin.length); close !== -1; close = args.indexOf('>', close + 1)) {
    const inside = args.slice(begin.length, close);
    const behind = args.slice(close + 1);
    const address = inside === '' && keyword === 'FROM' ? null : addressOf(inside, keyword);
    if (address === undefined || !/^(?: |$)/.test(behind)) continue;
    return { address, rest: behind.slice(1) };
  }
  return undefined;
}

/** A mailbox with or without a source route. */
function addressOf(inside: string, keyword: 'FROM' | 'TO'): string | undefined {
  if (inside.length + 2 > 256) return undefined;
  if (/^postmaster$/i.test(inside)) return keyword === 'TO' ? inside : undefined;
  if (!inside.startsWith('@')) return canonicalMailbox(inside);
  for (let colon = inside.indexOf(':'); colon !== -1; colon = inside.indexOf(':', colon + 1)) {
    const route = inside.slice(0, colon).split(',');
    if (!route.every((hop) => hop.startsWith('@') && isDomain(hop.slice(1)))) continue;
    const mailbox = inside.slice(colon + 1);
    return /^postmaster$/i.test(mailbox) ? undefined : canonicalMailbox(mailbox);
  }
  return undefined;
}

function canonicalLocal(text: string): string | undefined {
  if (DOT_STRING.test(text)) return text;
  if (!QUOTED.test(text)) return undefined;
  const value = text.slice(1, -1).replaceAll(/\\(.)/g, '$1');
  return DOT_STRING.test(value) ? value : `"${value.replaceAll(/["\\]/g, '\\$&')}"`;
}

function canonicalLiteral(text: string): string {
  return /^\[ipv6:/i.test(text) ? `[IPv6:${text.slice(6).toLowerCase()}` : text;
}

/** Characters that no address, no parameter and no text for people may have: controls, line ends of Unicode, half surrogates, non-characters. */
// oxlint-disable-next-line no-control-regex
export const FORBIDDEN = /[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffd-\uffff]|\p{Cs}/u;
