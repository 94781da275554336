/** Which triples are meant: by client, sender and recipient, all of which must fit. */
import type { KnownTriple } from '@mailverb/policy-greylist';
import { addressList, cidrList, matchesCidr } from '@mailverb/options';
import { parseMailbox } from '@mailverb/protocol';

/** As it was written; nothing is everything. */
export interface WrittenFilter {
  readonly client?: string | undefined;
  readonly sender?: string | undefined;
  readonly recipient?: string | undefined;
}

/** True for what is meant. */
export type Filter = (triple: Pick<KnownTriple, 'network' | 'sender' | 'recipient'>) => boolean;

const LOCAL = 'local';

/** The filter, or what is wrong with it. */
export function readFilter({ client, sender, recipient }: WrittenFilter): Filter | string {
  const tests: Filter[] = [];
  if (client === LOCAL) tests.push(({ network }) => network === LOCAL);
  else if (client !== undefined) {
    const list = cidrList().safeParse([client]);
    if (!list.success)
      return `--client: expected an address, a network such as 10.0.0.0/8, or ${LOCAL} (it is "${client}")`;
    const own = client.includes('/') ? undefined : client;
    tests.push(
      ({ network }) => matchesCidr(list.data, baseOf(network)) || (own !== undefined && isWithin(own, network)),
    );
  }
  for (const [name, written] of [
    ['sender', sender],
    ['recipient', recipient],
  ] as const) {
    if (written === undefined) continue;
    const list = addressList().safeParse([written]);
    if (!list.success) return `--${name}: expected an address, a domain or <> (it is "${written}")`;
    tests.push((triple) => {
      const path = triple[name] === '<>' ? null : parseMailbox(triple[name]);
      return path !== undefined && list.data.has(path);
    });
  }
  return (triple) => tests.every((test) => test(triple));
}

/** `192.0.2.0` of `192.0.2.0/24`. */
function baseOf(network: string): string {
  return network.slice(0, Math.max(0, network.indexOf('/')));
}

/** A single client is meant by its network. */
function isWithin(address: string, network: string): boolean {
  const list = cidrList().safeParse([network]);
  return list.success && matchesCidr(list.data, address);
}
