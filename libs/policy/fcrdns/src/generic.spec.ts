import fc from 'fast-check';
import { looksGeneric } from './generic.js';

describe('looksGeneric', () => {
  it.each([
    ['192-0-2-1.dyn.example.net', '192.0.2.1'],
    ['1.2.0.192.dsl.example.net', '192.0.2.1'],
    ['host192.0.2.1.example.net', '192.0.2.1'],
    ['ip-192-000-002-001.example.net', '192.0.2.1'],
    ['p192000002001.example.net', '192.0.2.1'],
    ['ppp001002000192x.example.net', '192.0.2.1'],
    ['pool7-192-0-2-1-9.example.net', '192.0.2.1'],
    ['pc0000201.dip.example.net', '192.0.2.1'],
    ['2001-0db8-0000-0000-0000-0000-0000-0001.example.net', '2001:db8::1'],
    ['1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.example.net', '2001:db8::1'],
  ])('%s is made of %s', (name, address) => {
    expect(looksGeneric(name, address)).toBe(true);
  });

  it.each([
    ['mail.example.net', '192.0.2.1'],
    ['mx1.example.net', '192.0.2.1'],
    ['192-0-2-10.example.net', '192.0.2.1'],
    ['192-0-2.example.net', '192.0.2.1'],
    ['92-0-2-1.example.net', '192.0.2.1'],
    ['192-2-0-1.example.net', '192.0.2.1'],
    ['2001-db8.example.net', '2001:db8::1'],
    ['mail.example.net', ''],
  ])('%s is not made of %j', (name, address) => {
    expect(looksGeneric(name, address)).toBe(false);
  });

  it('finds every address in a name that is made of it, whatever stands around it', () => {
    const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
    const word = fc.stringMatching(/^[a-z]{1,8}$/);
    fc.assert(
      fc.property(
        octets,
        word,
        fc.constantFrom('-', '.', '_', 'x'),
        fc.boolean(),
        (parts, around, between, backwards) => {
          const written = backwards ? parts.toReversed() : parts;
          expect(looksGeneric(`${around}-${written.join(between)}.${around}.example`, parts.join('.'))).toBe(true);
        },
      ),
    );
  });
});
