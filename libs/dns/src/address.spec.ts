import fc from 'fast-check';
import { isPrivateAddress, reverseLabels, reverseName } from './address.js';

describe('reverseName', () => {
  it.each([
    ['192.0.2.1', '1.2.0.192.in-addr.arpa'],
    ['255.255.255.255', '255.255.255.255.in-addr.arpa'],
    ['::ffff:192.0.2.1', '1.2.0.192.in-addr.arpa'],
    ['2001:db8::1', `1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`],
    ['::', `${'0.'.repeat(32)}ip6.arpa`],
    ['fe80::1%eth0', `1.${'0.'.repeat(27)}0.8.e.f.ip6.arpa`],
    ['2001:DB8:1:2:3:4:5:6', '6.0.0.0.5.0.0.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa'],
  ])('%s: %s', (address, expected) => {
    expect(reverseName(address)).toBe(expected);
  });

  it.each(['', 'localhost', '192.0.2', '192.0.2.01', '192.0.2.1.example.org', '::g', '1:2:3:4:5:6:7:8:9', '%eth0'])(
    '%j is no address',
    (text) => {
      expect(reverseName(text)).toBeUndefined();
      expect(reverseLabels(text)).toBeUndefined();
    },
  );

  it('has every nibble of an IPv6 address, backwards', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 0xffff }), { minLength: 8, maxLength: 8 }), (groups) => {
        const labels = reverseLabels(groups.map((group) => group.toString(16)).join(':'))?.split('.');
        expect(labels?.reverse().join('')).toBe(groups.map((group) => group.toString(16).padStart(4, '0')).join(''));
      }),
    );
  });
});

describe('isPrivateAddress', () => {
  it.each([
    '0.0.0.0',
    '10.255.255.255',
    '100.64.0.1',
    '127.0.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.168.1.1',
    '198.19.255.255',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:a00:1',
    '::10.0.0.1',
    '64:ff9b::10.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '2002:7f00:1::1',
    '2002:c0a8:101::',
    '100::1',
    'fc00::1',
    'fdff::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    '',
    'localhost',
    '127.1',
  ])('%j is nobody in the world', (address) => {
    expect(isPrivateAddress(address)).toBe(true);
  });

  it.each([
    '1.1.1.1',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '192.0.2.1',
    '192.167.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '2001:db8::1',
    '2600::1',
    '64:ff9b::1.1.1.1',
    '2002:101:101::1',
    'fbff::1',
    'fe7f::1',
  ])('%s may be somebody', (address) => {
    expect(isPrivateAddress(address)).toBe(false);
  });
});
