/** The network that an address is in, by prefix lengths; for IPv4 and IPv6 (defect K8: never by text). */
import { isIPv4, isIPv6 } from 'node:net';

/** How many bits of an address count. */
export interface Prefixes {
  readonly ipv4: number;
  readonly ipv6: number;
}

/**
 * The network of an address, in one way to write it and no way that people would; undefined for what is no address, as of a unix socket. An
 * IPv4-mapped IPv6 address is the IPv4 one.
 */
export function networkOf(address: string, { ipv4, ipv6 }: Prefixes): string | undefined {
  if (isIPv4(address)) return masked(address.split('.').map(Number), 8, ipv4);
  // `fe80::1%eth0`: the zone is no part of the address.
  const zone = address.indexOf('%');
  const plain = zone === -1 ? address : address.slice(0, zone);
  if (!isIPv6(plain)) return undefined;
  const groups = groupsOf(plain);
  const mapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
  return mapped ? masked(groups.slice(6), 16, ipv4) : masked(groups, 16, ipv6);
}

/** The first bits of numbers of so many bits each; the length of the whole tells IPv4 from IPv6. */
function masked(parts: readonly number[], size: 8 | 16, bits: number): string {
  const octets = size === 8 ? parts : parts.flatMap((part) => [part >> 8, part & 0xff]);
  const kept = octets.map((octet, i) => octet & (0xff << Math.min(8, Math.max(0, 8 * (i + 1) - bits))));
  return `${Buffer.from(kept).toString('hex')}/${bits}`;
}

/** The eight groups of an address that isIPv6 has let through. */
function groupsOf(address: string): readonly number[] {
  const [head = '', tail] = address.split('::');
  const before = readGroups(head);
  if (tail === undefined) return before;
  const behind = readGroups(tail);
  const between = Array.from({ length: 8 - before.length - behind.length }, () => 0);
  return [...before, ...between, ...behind];
}

function readGroups(text: string): readonly number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}
