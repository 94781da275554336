/** Addresses: their names in the reverse tree, and whether they are anybody's in the world. */
import { BlockList, isIP } from 'node:net';
import { canonicalIp } from '@mailverb/protocol';

/**
 * The labels under which an address is asked for, in the reverse tree (RFC 1035 3.5, RFC 3596 2.5) and in lists (RFC 5782 2.1, 2.4): `1.2.0.192`, or
 * thirty-two nibbles. Undefined for what is no address. An IPv4 address within an IPv6 one is asked for as IPv4; a zone (`%eth0`) is left off.
 */
export function reverseLabels(address: string): string | undefined {
  const plain = canonicalIp(withoutZone(address));
  if (plain === undefined) return undefined;
  if (!plain.includes(':')) return plain.split('.').reverse().join('.');
  const [head = '', tail = ''] = plain.split('::');
  const left = groupsOf(head);
  const right = groupsOf(tail);
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  const nibbles = [...left, ...zeros, ...right].map((group) => group.padStart(4, '0')).join('');
  return [...nibbles].reverse().join('.');
}

/** Where the names of an address are (PTR): `1.2.0.192.in-addr.arpa`. Undefined for what is no address. */
export function reverseName(address: string): string | undefined {
  const labels = reverseLabels(address);
  if (labels === undefined) return undefined;
  // Nibbles are sixty-three characters, dotted octets fifteen at most.
  return `${labels}.${labels.length > 15 ? 'ip6' : 'in-addr'}.arpa`;
}

/**
 * True for an address that is nobody's in the world: of this host, of private networks, link-local, shared, reserved, multicast (RFC 6890), and
 * for IPv6 addresses that hold such an IPv4 address. Whoever asks the world about them tells it something, and whoever is told to go
 * there by the world is led inside (attack A19). Networks for documentation are not meant: nobody is there, and examples need some.
 */
export function isPrivateAddress(address: string): boolean {
  const plain = canonicalIp(withoutZone(address));
  return plain === undefined || PRIVATE.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
}

const PRIVATE_NETWORKS: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
];
/** NAT64 (RFC 6052) and 6to4 (RFC 3056), behind which an IPv4 address follows. */
const CARRIERS: readonly (readonly [(ipv4: string) => string, number])[] = [
  [(ipv4) => `64:ff9b::${ipv4}`, 96],
  [(ipv4) => `2002:${hexOf(ipv4)}::`, 16],
];
const PRIVATE = privateList();

function privateList(): BlockList {
  const list = new BlockList();
  for (const [network, bits] of PRIVATE_NETWORKS) {
    list.addSubnet(network, bits, 'ipv4');
    for (const [carried, before] of CARRIERS) list.addSubnet(carried(network), before + bits, 'ipv6');
  }
  // Loopback, unspecified and the long deprecated IPv4-compatible ones in one; discard-only; local NAT64; unique local; link-local, site-local; multicast.
  list.addSubnet('::', 96, 'ipv6');
  list.addSubnet('64:ff9b:1::', 48, 'ipv6');
  list.addSubnet('100::', 64, 'ipv6');
  list.addSubnet('fc00::', 7, 'ipv6');
  list.addSubnet('fe80::', 9, 'ipv6');
  list.addSubnet('ff00::', 8, 'ipv6');
  return list;
}

function hexOf(ipv4: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = ipv4.split('.').map(Number);
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}

function groupsOf(text: string): readonly string[] {
  return text === '' ? [] : text.split(':');
}

function withoutZone(address: string): string {
  const zone = address.indexOf('%');
  return zone === -1 ? address : address.slice(0, zone);
}
