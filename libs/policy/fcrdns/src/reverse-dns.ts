/** Forward-confirmed reverse DNS: a name that an address has, and that has the address. Either alone is what anybody can claim. */
import type { DnsResolver } from '@mailverb/dns';
import { canonicalIp } from '@mailverb/protocol';

/** What is known of an address. The words in brackets are those of RFC 8601 2.7.3. */
export type ReverseDns =
  /** (pass) */
  | { readonly kind: 'confirmed'; readonly name: string }
  /** (fail) There are names, and none of them leads back. */
  | { readonly kind: 'unconfirmed' }
  /** (permerror) It has no name, or none that can be one. */
  | { readonly kind: 'nameless' }
  /** (temperror) Nobody can tell. */
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * Asks for the names, and for the addresses of the first of them, all at once.
 * @param maxNames how many names are tried: whoever has the address may give it any number.
 */
export async function findName(
  dns: DnsResolver,
  address: string,
  maxNames: number,
  signal: AbortSignal,
): Promise<ReverseDns> {
  const pointers = await dns.ptr(address, signal);
  if (pointers.kind === 'failed') return pointers;
  if (pointers.kind === 'none' || pointers.records.length === 0) return { kind: 'nameless' };
  const plain = canonicalIp(address);
  // Servers give them in any order: in ours, so that a client has one name and not another each time.
  const names = [...new Set(pointers.records)].toSorted().slice(0, maxNames);
  const answers = await Promise.all(
    names.map((name) => (plain?.includes(':') === true ? dns.aaaa(name, signal) : dns.a(name, signal))),
  );
  let failure: ReverseDns | undefined;
  for (const [i, answer] of answers.entries()) {
    if (answer.kind === 'failed') failure ??= answer;
    const name = names[i];
    if (answer.kind !== 'found' || name === undefined) continue;
    if (answer.records.some((record) => canonicalIp(record) === plain)) return { kind: 'confirmed', name };
  }
  return failure ?? { kind: 'unconfirmed' };
}
