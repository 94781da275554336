/** The network that a client is in, as a text of one form (defect K8: networks are bits, and never a part of a text). */
import { isIPv4 } from 'node:net';
import { canonicalIp } from '@mailverb/protocol';

/** How many bits of an address count. */
export interface Prefixes {
  readonly ipv4: number;
  readonly ipv6: number;
}

/** What all clients without an address are: those of a unix socket. */
export const LOCAL = 'local';

/**
 * The network of an address: `192.0.2.0/24`, `2001:db8::/64`. An IPv4 address within an IPv6 one is the IPv4 one. What is no address is
 * {@link LOCAL}, so that it waits like anybody else.
 */
export function networkOf(address: string, prefixes: Prefixes): string {
  return networkIn(address, prefixes) ?? LOCAL;
}

/** The same; undefined for what is no address. */
export function networkIn(address: string, { ipv4, ipv6 }: Prefixes): string | undefined {
  if (isIPv4(address)) return networkOfIpv4(address, ipv4);
  // `fe80::1%eth0`: the zone is no part of the address.
  const zone = address.indexOf('%');
  const ip = canonicalIp(zone === -1 ? address : address.slice(0, zone));
  if (ip === undefined) return undefined;
  if (isIPv4(ip)) return networkOfIpv4(ip, ipv4);
  const groups = groupsOf(ip).map((group, i) => group & mask(16, ipv6 - 16 * i));
  return `${canonicalIp(groups.map((group) => group.toString(16)).join(':')) ?? ip}/${ipv6}`;
}

function networkOfIpv4(address: string, bits: number): string {
  const octets = address.split('.').map((octet, i) => Number(octet) & mask(8, bits - 8 * i));
  return `${octets.join('.')}/${bits}`;
}

/** The first `bits` of `size` bits; all of them if there are more, none if there are none left. */
function mask(size: 8 | 16, bits: number): number {
  const all = 2 ** size - 1;
  return (all << (size - Math.min(size, Math.max(0, bits)))) & all;
}

/** The eight groups of a canonical IPv6 address, which has no dots in it. */
function groupsOf(ip: string): readonly number[] {
  const [head = '', tail] = ip.split('::');
  const before = readGroups(head);
  if (tail === undefined) return before;
  const behind = readGroups(tail);
  return [...before, ...Array.from({ length: 8 - before.length - behind.length }, () => 0), ...behind];
}

function readGroups(text: string): readonly number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}
