/** Networks by prefix length, whatever way an address is written. */
import { BlockList, isIPv4 } from 'node:net';
import fc from 'fast-check';
import { networkOf } from './network.js';

const same = (a: string, b: string, ipv4: number, ipv6: number): boolean =>
  networkOf(a, { ipv4, ipv6 }) === networkOf(b, { ipv4, ipv6 });

describe('networkOf', () => {
  it.each<[string, string, number, number, boolean]>([
    ['192.0.2.1', '192.0.2.255', 24, 64, true],
    ['192.0.2.1', '192.0.3.1', 24, 64, false],
    ['192.0.2.1', '192.0.3.1', 23, 64, true],
    ['192.0.2.1', '192.0.2.2', 32, 64, false],
    // Defect K8: 10 is no prefix of a text.
    ['10.1.2.3', '100.1.2.3', 8, 64, false],
    ['10.1.2.3', '10.255.2.3', 8, 64, true],
    ['2001:db8::1', '2001:DB8:0:0:ffff::2', 24, 64, true],
    ['2001:db8::1', '2001:db8:0:1::1', 24, 64, false],
    ['2001:db8::1', '2001:db8:0:1::1', 24, 63, true],
    ['2001:db8::1', '2001:db8::1', 24, 128, true],
    ['2001:db8::1', '2001:db8::2', 24, 128, false],
    ['fe80::1%eth0', 'fe80::1%eth1', 24, 128, true],
    ['::ffff:192.0.2.1', '192.0.2.77', 24, 64, true],
    ['::ffff:c000:0201', '192.0.2.1', 32, 64, true],
    // A short IPv6 prefix is no IPv4 network of the same bits.
    ['c000:200::', '192.0.2.0', 32, 32, false],
  ])('%s and %s with /%d and /%d: %s', (a, b, ipv4, ipv6, expected) => {
    expect(same(a, b, ipv4, ipv6)).toBe(expected);
  });

  it.each(['', 'unix', '192.0.2', '1.2.3.4.5', 'example.org', '[::1]'])('of %j there is none', (address) => {
    expect(networkOf(address, { ipv4: 24, ipv6: 64 })).toBeUndefined();
  });

  it('agrees with Node about which addresses are in one network', () => {
    const pair = fc.oneof(
      fc.tuple(fc.ipV4(), fc.ipV4(), fc.integer({ min: 1, max: 32 })),
      fc.tuple(fc.ipV6(), fc.ipV6(), fc.integer({ min: 1, max: 128 })),
      // Close to each other, or they would hardly ever be in one.
      fc
        .tuple(fc.nat(255), fc.nat(255), fc.integer({ min: 20, max: 32 }))
        .map(([a, b, bits]): [string, string, number] => [`192.0.2.${a}`, `192.0.2.${b}`, bits]),
    );
    fc.assert(
      fc.property(pair, ([a, b, bits]) => {
        const list = new BlockList();
        const family = isIPv4(a) ? 'ipv4' : 'ipv6';
        // One form is the IPv4 address for us, and for Node only where both sides are.
        fc.pre(family === 'ipv4' || (!/^(?:0*:)*:?(?:0*:)*ffff:/i.test(a) && !/^(?:0*:)*:?(?:0*:)*ffff:/i.test(b)));
        list.addSubnet(a, bits, family);
        expect(same(a, b, bits, bits)).toBe(list.check(b, family));
      }),
    );
  });
});
