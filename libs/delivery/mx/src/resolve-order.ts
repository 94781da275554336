/** In which order servers and their addresses are tried. */

/** A server's address. */
export interface MxAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/**
 * RFC 5321 5.1: the least preference first, equals in random order, so that they share the load. Of a name that is there twice the first stays.
 * @param random from 0 to less than 1.
 */
export function byPreference<T extends { readonly name: string; readonly preference: number }>(
  hosts: readonly T[],
  random: () => number,
): readonly T[] {
  const shuffled = [...hosts];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    const [a, b] = [shuffled[last], shuffled[other]];
    if (a !== undefined && b !== undefined) [shuffled[last], shuffled[other]] = [b, a];
  }
  const seen = new Set<string>();
  return shuffled
    .sort((a, b) => a.preference - b.preference)
    .filter(({ name }) => !seen.has(name) && seen.add(name) !== undefined);
}

/**
 * RFC 8305 4: families in turn, IPv6 first, so that who races them need not wait for the end of one to see whether the other works. Within a
 * family the order is the resolver's (RFC 5321 5.1).
 */
export function inTurn(ipv6: readonly string[], ipv4: readonly string[]): readonly MxAddress[] {
  const addresses: MxAddress[] = [];
  for (let i = 0; i < Math.max(ipv6.length, ipv4.length); i++) {
    const six = ipv6[i];
    const four = ipv4[i];
    if (six !== undefined) addresses.push({ address: six, family: 6 });
    if (four !== undefined) addresses.push({ address: four, family: 4 });
  }
  return addresses;
}
