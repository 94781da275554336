/** Whom failures from an address are counted for. */
import { isIPv4, isIPv6 } from 'node:net';

/**
 * An IPv4 address, or the /64 of an IPv6 one, which is what one customer has; one way to write each. An IPv4-mapped IPv6 address is the IPv4
 * one. Undefined for what is no address (a unix socket): those are nobody in particular.
 */
export function networkOf(address: string): string | undefined {
  if (isIPv4(address)) return address;
  const zone = address.indexOf('%');
  const plain = zone === -1 ? address : address.slice(0, zone);
  if (!isIPv6(plain)) return undefined;
  const groups = groupsOf(plain);
  const mapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
  if (mapped) return [6, 7].map((at) => `${(groups[at] ?? 0) >> 8}.${(groups[at] ?? 0) & 0xff}`).join('.');
  return groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':');
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
