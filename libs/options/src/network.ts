/** The network that an address is in, as a text of one form: whom to count or to know together (defect K8: networks are bits, and never a part of a text). */
import { isIPv4, isIPv6 } from 'node:net';
import { canonicalIp } from '@mailverb/protocol';

/** How many bits of an address count. */
export interface Prefixes {
  readonly ipv4: number;
  readonly ipv6: number;
}

/** One IPv4 address, or the /64 of an IPv6 one, which is what one customer has at the least: whoever has that has 2^64 addresses. */
export const ONE_CUSTOMER: Prefixes = Object.freeze({ ipv4: 32, ipv6: 64 });

/**
 * The network of an address (as sessions give it): `192.0.2.0/24`, `2001:db8::/64`, the same text for each way to write it. An IPv4 address within an
 * IPv6 one is the IPv4 one. Undefined for what is no address, as of a unix socket.
 */
export function networkOf(address: string, { ipv4, ipv6 }: Prefixes): string | undefined {
  if (isIPv4(address)) return ipv4Network(address.split('.').map(Number), ipv4);
  // `fe80::1%eth0`: the zone says through which interface it is reached and is no part of the address.
  const zone = address.indexOf('%');
  const plain = zone === -1 ? address : address.slice(0, zone);
  if (!isIPv6(plain)) return undefined;
  const groups = groupsOf(plain);
  const mapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
  if (mapped)
    return ipv4Network(
      groups.slice(6).flatMap((group) => [group >> 8, group & 0xff]),
      ipv4,
    );
  const text = groups.map((group, i) => (group & mask(16, ipv6 - 16 * i)).toString(16)).join(':');
  return `${canonicalIp(text) ?? text}/${ipv6}`;
}

function ipv4Network(octets: readonly number[], bits: number): string {
  return `${octets.map((octet, i) => octet & mask(8, bits - 8 * i)).join('.')}/${bits}`;
}

/** The first `bits` of `size` bits; all of them if there are more, none if there are none left. */
function mask(size: 8 | 16, bits: number): number {
  const all = 2 ** size - 1;
  return (all << (size - Math.min(size, Math.max(0, bits)))) & all;
}

/** The eight groups of an address that isIPv6 has let through: more forms than an address literal of RFC 5321 may have. */
function groupsOf(address: string): readonly number[] {
  const [head = '', tail] = address.split('::');
  const before = readGroups(head);
  if (tail === undefined) return before;
  const behind = readGroups(tail);
  return [...before, ...Array.from({ length: 8 - before.length - behind.length }, () => 0), ...behind];
}

function readGroups(text: string): readonly number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}
