/** IP addresses as sessions have them: one address, one text, so that what is counted or looked up by it is the same everywhere. */
import { isIpv4, isIpv6 } from './address-literal.js';

/**
 * An IP address in its canonical form, or undefined: IPv4 dotted, IPv6 as RFC 5952 4 writes it (lower case, the longest run of zeros as
 * `::`), an IPv4 address within an IPv6 one (`::ffff:192.0.2.1`) as IPv4. What is read is what RFC 5321 4.1.3 allows in address literals.
 */
export function canonicalIp(text: string): string | undefined {
  if (isIpv4(text)) return text;
  return isIpv6(text) ? formatIp(groupsOf(text)) : undefined;
}

/** The canonical form of an address given as 4 or 16 octets. */
export function ipOfOctets(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.');
  if (octets.length !== 16) throw new RangeError(`no IP address has ${octets.length} octets`);
  const groups: number[] = [];
  for (let at = 0; at < 16; at += 2) groups.push(((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0));
  return formatIp(groups);
}

/** The octets of an address: 4 or 16; undefined if it is none. */
export function octetsOfIp(text: string): Uint8Array | undefined {
  if (isIpv4(text)) return Uint8Array.from(text.split('.').map(Number));
  if (!isIpv6(text)) return undefined;
  return Uint8Array.from(groupsOf(text).flatMap((group) => [group >> 8, group & 0xff]));
}

/** The eight groups of an address that is known to be one. */
function groupsOf(text: string): number[] {
  const gap = text.indexOf('::');
  if (gap < 0) return readGroups(text);
  const head = readGroups(text.slice(0, gap));
  const tail = readGroups(text.slice(gap + 2));
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
}

function readGroups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [(a << 8) | b, (c << 8) | d];
  });
}

function formatIp(groups: readonly number[]): string {
  const [a = 0, b = 0] = groups.slice(6);
  if (groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)) {
    return `${a >> 8}.${a & 0xff}.${b >> 8}.${b & 0xff}`;
  }
  // RFC 5952 4.2: the longest run of at least two, the first of equals.
  let from = -1;
  let length = 1;
  for (let start = 0; start < 8; start++) {
    let end = start;
    while (groups[end] === 0) end++;
    if (end - start > length) {
      from = start;
      length = end - start;
    }
  }
  const text = groups.map((group) => group.toString(16));
  if (from < 0) return text.join(':');
  return `${text.slice(0, from).join(':')}::${text.slice(from + length).join(':')}`;
}
