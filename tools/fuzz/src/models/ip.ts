/** IP addresses by what Node knows of them. */
import { isIPv4, isIPv6 } from 'node:net';

/** As RFC 5321 4.1.3 has them: "::" stands for two groups at least, and there is no zone. */
export function isAddress(text: string): boolean {
  if (isIPv4(text)) return true;
  if (!isIPv6(text) || text.includes('%')) return false;
  const groups = text.split(':').filter((group) => group !== '');
  const count = groups.reduce((sum, group) => sum + (group.includes('.') ? 2 : 1), 0);
  return !text.includes('::') || count <= 6;
}

/** In the form of RFC 5952, by the URL of a host with that address; an IPv4 address within an IPv6 one as IPv4. */
export function canonicalAddress(text: string): string {
  if (isIPv4(text)) return text;
  const written = new URL(`http://[${text}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(written);
  if (mapped === null) return written;
  const octets = [mapped[1], mapped[2]].flatMap((group) => {
    const value = Number.parseInt(group ?? '', 16);
    return [value >> 8, value & 255];
  });
  return octets.join('.');
}
