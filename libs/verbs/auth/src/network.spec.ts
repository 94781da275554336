/** Whom an address stands for. */
import { SocketAddress } from 'node:net';
import fc from 'fast-check';
import { networkOf } from './network.js';

describe('networkOf', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['0:0:0:0:0:FFFF:192.0.2.1', '192.0.2.1'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001:DB8:0:0:1:2:3:4', '2001:db8:0:0'],
    ['2001:0db8:00a0:0001::', '2001:db8:a0:1'],
    ['1::2:3:4:5:6:7', '1:0:2:3'],
    ['::1', '0:0:0:0'],
    ['::', '0:0:0:0'],
    ['::192.0.2.1', '0:0:0:0'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['1:2:3:4:5:6:7::', '1:2:3:4'],
  ])('%s: %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  it.each(['', 'x', '192.0.2', '192.0.2.256', ':::', '1:2', '__proto__', '%eth0'])('%j is nobody', (address) => {
    expect(networkOf(address)).toBeUndefined();
  });

  it('is the same for each way to write an address, and for all of a /64', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const shortest = new SocketAddress({ address, family: 'ipv6' }).address;
        expect(networkOf(shortest)).toBe(networkOf(address));
        expect(networkOf(address.toUpperCase())).toBe(networkOf(address));
      }),
    );
    const group = fc.integer({ min: 1, max: 0xfffe }).map((value) => value.toString(16));
    fc.assert(
      fc.property(
        fc.array(group, { minLength: 8, maxLength: 8 }),
        fc.array(group, { minLength: 4, maxLength: 4 }),
        (one, other) => {
          const head = one.slice(0, 4);
          expect(networkOf([...head, ...other].join(':'))).toBe(networkOf(one.join(':')));
          expect(networkOf([...other, ...head].join(':')) === networkOf(one.join(':'))).toBe(
            other.join() === head.join(),
          );
        },
      ),
    );
  });
});
