/** Networks: against arithmetic on whole numbers, and in one form. */
import fc from 'fast-check';
import { networkIn, networkOf } from './network.js';

const PREFIXES = { ipv4: 24, ipv6: 64 };

describe('networkOf', () => {
  it.each([
    ['192.0.2.255', '192.0.2.0/24'],
    ['::ffff:192.0.2.255', '192.0.2.0/24'],
    ['::ffff:c000:2ff', '192.0.2.0/24'],
    ['2001:db8::1', '2001:db8::/64'],
    ['2001:DB8:0:0:1:2:3:4', '2001:db8::/64'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80::/64'],
    ['::1', '::/64'],
    ['', 'local'],
    ['192.0.2', 'local'],
    ['__proto__', 'local'],
  ])('%s: %s', (address, network) => {
    expect(networkOf(address, PREFIXES)).toBe(network);
  });

  it('keeps the first bits of an IPv4 address, and no others', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 1, max: 32 }), (address, bits) => {
        const number = (text: string) => text.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
        const size = 2 ** (32 - bits);
        const [network = '', length] = networkOf(address, { ipv4: bits, ipv6: 64 }).split('/');
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
        const [start = ''] = network(one).split('/');
        expect(networkIn(start, { ipv4: 24, ipv6: bits })).toBe(network(one));
      }),
    );
  });
});
