/** Names as the DNS has them: by allow-list, in lower case and A-labels, so that one name is one key of the cache. */
import { parseHost } from '@mailverb/protocol';

/** 255 octets on the wire (RFC 1035 2.3.4), of which one is the length of the first label and one the root. */
const MAX_NAME = 253;

/**
 * A host name in its canonical form, or undefined if it can't be one. A dot at the end is taken off, U-labels become A-labels (RFC 5890), and
 * underscores are let through, as names of services, of lists and of careless people have them.
 */
export function hostName(name: string): string | undefined {
  const host = parseHost(name.endsWith('.') ? name.slice(0, -1) : name, { underscores: true });
  return host?.kind === 'domain' && host.name.length <= MAX_NAME ? host.name : undefined;
}
