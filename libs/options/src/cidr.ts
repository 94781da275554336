/** Networks by CIDR, IPv4 and IPv6 (defect K8: never by string prefix). */
import { BlockList, isIP, isIPv4 } from 'node:net';
import { z } from 'zod';

/** Networks that an address can be looked up in. */
export type CidrList = BlockList;

/**
 * A list of addresses and networks: `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`. Gives a {@link CidrList}.
 * A default is written as in a configuration: `cidrList().prefault(['127.0.0.0/8'])`.
 */
export function cidrList() {
  return z.array(z.string()).transform((networks, context) => {
    const list = new BlockList();
    networks.forEach((network, i) => {
      if (!add(list, network)) {
        context.addIssue({
          code: 'custom',
          message: 'expected an address or a network such as 10.0.0.0/8',
          path: [i],
          input: network,
        });
      }
    });
    return list;
  });
}

/**
 * True if `address` (as sessions give it) is in one of the networks. An address of neither family, as of a unix socket, never is.
 * An IPv4 address is the same as its IPv4-mapped form `::ffff:192.0.2.1`, on both sides.
 */
export function matchesCidr(list: CidrList, address: string): boolean {
  // `fe80::1%eth0`: the zone says through which interface it is reached and is no part of the address.
  const zone = address.indexOf('%');
  const plain = zone === -1 ? address : address.slice(0, zone);
  const family = isIP(plain);
  return family !== 0 && list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
}

function add(list: BlockList, network: string): boolean {
  const slash = network.indexOf('/');
  const address = slash === -1 ? network : network.slice(0, slash);
  // A zone (`fe80::1%eth0`) is an address for isIP; a network of all interfaces is what matchesCidr can tell.
  if (isIP(address) === 0 || address.includes('%')) return false;
  const type = isIPv4(address) ? 'ipv4' : 'ipv6';
  if (slash === -1) {
    list.addAddress(address, type);
    return true;
  }
  const bits = network.slice(slash + 1);
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > (type === 'ipv4' ? 32 : 128)) return false;
  list.addSubnet(address, Number(bits), type);
  return true;
}
