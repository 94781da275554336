/** Every way to write an address comes out as one text, and nothing else does. */
import { isIP } from 'node:net';
import fc from 'fast-check';
import { canonicalIp, ipOfOctets, octetsOfIp } from './ip.js';

describe('canonicalIp', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:DB8::1', '2001:db8::1'],
    ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['::', '::'],
    ['::1', '::1'],
    ['fe80::', 'fe80::'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ])('%s is %s', (text, expected) => {
    expect(canonicalIp(text)).toBe(expected);
  });

  it.each([
    '',
    '1',
    '192.0.2',
    '192.0.2.256',
    '192.0.2.01',
    '192.0.2.1 ',
    ' ::1',
    ':::',
    '1::2::3',
    'fe80::1%eth0',
    '[::1]',
    'g::',
  ])('%p is none', (text) => {
    expect(canonicalIp(text)).toBeUndefined();
    expect(octetsOfIp(text)).toBeUndefined();
  });

  it('is total, and what comes out is an address that stays as it is', () => {
    const nearly = fc.string({ unit: fc.constantFrom(...'0123af:.FG%[] '), maxLength: 46 });
    fc.assert(
      fc.property(fc.oneof(nearly, fc.ipV6(), fc.ipV4()), (text) => {
        const address = canonicalIp(text);
        if (address === undefined) return;
        expect(isIP(address)).toBeGreaterThan(0);
        expect(canonicalIp(address)).toBe(address);
      }),
    );
  });

  it('has the octets of every address, and every address of octets', () => {
    const octets = fc.oneof(
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      // Mostly zeros, where the rule of the longest run decides.
      fc.array(fc.constantFrom(0, 0, 0, 1), { minLength: 16, maxLength: 16 }).map((values) => Uint8Array.from(values)),
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
    );
    fc.assert(
      fc.property(octets, (bytes) => {
        const text = ipOfOctets(bytes);
        expect(canonicalIp(text)).toBe(text);
        expect(octetsOfIp(text)).toEqual(bytes.length === 16 && isIP(text) === 4 ? bytes.slice(12) : bytes);
        // The platform's own URL parser is another opinion of RFC 5952.
        if (isIP(text) === 6) expect(new URL(`http://[${text}]/`).hostname).toBe(`[${text}]`);
      }),
    );
    expect(() => ipOfOctets(new Uint8Array(5))).toThrow(RangeError);
  });
});
