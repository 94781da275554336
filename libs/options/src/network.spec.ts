/** Networks: against arithmetic on whole numbers and against Node, and one text for each way to write an address. */
import { BlockList, SocketAddress, isIPv4 } from 'node:net';
import fc from 'fast-check';
import { ONE_CUSTOMER, networkOf } from './network.js';

const PREFIXES = { ipv4: 24, ipv6: 64 };

const same = (a: string, b: string, ipv4: number, ipv6: number): boolean =>
  networkOf(a, { ipv4, ipv6 }) === networkOf(b, { ipv4, ipv6 });

describe('networkOf', () => {
  it.each([
    ['192.0.2.255', '192.0.2.0/24'],
    ['::ffff:192.0.2.255', '192.0.2.0/24'],
    ['::ffff:c000:2ff', '192.0.2.0/24'],
    ['0:0:0:0:0:FFFF:192.0.2.1', '192.0.2.0/24'],
    ['2001:db8::1', '2001:db8::/64'],
    ['2001:DB8:0:0:1:2:3:4', '2001:db8::/64'],
    ['2001:0db8:00a0:0001::', '2001:db8:a0:1::/64'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['1::2:3:4:5:6:7', '1:0:2:3::/64'],
    ['1:2:3:4:5:6:7::', '1:2:3:4::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b::/64'],
    ['fe80::1%eth0', 'fe80::/64'],
    ['::192.0.2.1', '::/64'],
    ['::1', '::/64'],
    ['::', '::/64'],
  ])('%s: %s', (address, network) => {
    expect(networkOf(address, PREFIXES)).toBe(network);
  });

  it.each([
    '',
    'unix',
    'local',
    '__proto__',
    '192.0.2',
    '192.0.2.256',
    '192.0.02.1',
    '1.2.3.4.5',
    ':::',
    '1:2',
    '%eth0',
    '[::1]',
  ])('of %j there is none', (address) => {
    expect(networkOf(address, PREFIXES)).toBeUndefined();
  });

  it.each<[string, string, number, number, boolean]>([
    ['192.0.2.1', '192.0.2.255', 24, 64, true],
    ['192.0.2.1', '192.0.3.1', 24, 64, false],
    ['192.0.2.1', '192.0.3.1', 23, 64, true],
    ['192.0.2.1', '192.0.2.2', 32, 64, false],
    // Defect K8: 10 is no prefix of a text.
    ['10.1.2.3', '100.1.2.3', 8, 64, false],
    ['10.1.2.3', '10.255.2.3', 8, 64, true],
    ['2001:db8::1', '2001:db8:0:1::1', 24, 64, false],
    ['2001:db8::1', '2001:db8:0:1::1', 24, 63, true],
    ['2001:db8::1', '2001:db8::1', 24, 128, true],
    ['2001:db8::1', '2001:db8::2', 24, 128, false],
    ['fe80::1%eth0', 'fe80::1%eth1', 24, 128, true],
    // A short IPv6 prefix is no IPv4 network of the same bits.
    ['c000:200::', '192.0.2.0', 32, 32, false],
    ['::', '0.0.0.0', 0, 0, false],
  ])('%s and %s with /%d and /%d: %s', (a, b, ipv4, ipv6, expected) => {
    expect(same(a, b, ipv4, ipv6)).toBe(expected);
  });

  it('is one customer by an address, or a /64', () => {
    expect(networkOf('192.0.2.7', ONE_CUSTOMER)).toBe('192.0.2.7/32');
    expect(networkOf('2001:db8::7', ONE_CUSTOMER)).toBe('2001:db8::/64');
  });

  it('keeps the first bits of an IPv4 address, and no others', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), (address, bits) => {
        const number = (text: string) => text.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
        const size = 2 ** (32 - bits);
        const [network = '', length] = networkOf(address, { ipv4: bits, ipv6: 64 })?.split('/') ?? [];
        expect([number(network), Number(length)]).toEqual([Math.floor(number(address) / size) * size, bits]);
      }),
    );
  });

  it('keeps the first bits of an IPv6 address, and no others', () => {
    const groups = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(groups, groups, fc.integer({ min: 1, max: 128 }), (one, other, bits) => {
        // Never an IPv4-mapped one.
        const text = (all: readonly number[]) =>
          `2${all
            .map((group) => group.toString(16).padStart(4, '0'))
            .join(':')
            .slice(1)}`;
        const binary = (all: readonly number[]) =>
          all.map((group, i) => (i === 0 ? 0x2000 | (group & 0xfff) : group).toString(2).padStart(16, '0')).join('');
        const equal = binary(one).slice(0, bits) === binary(other).slice(0, bits);
        const network = (all: readonly number[]) => networkOf(text(all), { ipv4: 24, ipv6: bits });
        expect(network(one) === network(other)).toBe(equal);
        // A network is in itself.
        const [start = ''] = network(one)?.split('/') ?? [];
        expect(networkOf(start, { ipv4: 24, ipv6: bits })).toBe(network(one));
      }),
    );
  });

  it('is the same for each way to write an address', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const shortest = new SocketAddress({ address, family: 'ipv6' }).address;
        expect(networkOf(shortest, PREFIXES)).toBe(networkOf(address, PREFIXES));
        expect(networkOf(address.toUpperCase(), PREFIXES)).toBe(networkOf(address, PREFIXES));
      }),
    );
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
