/** Names in HELO: harmless ones, and by option only host names (attack A6). */
import fc from 'fast-check';
import { isHeloName } from './helo-name.js';
import { parseHost } from './host.js';

describe('isHeloName', () => {
  it.each(['localhost', '127.0.0.1', 'my_pc', '-x-', 'pc.local.', '[192.0.2.1', 'a..b', '!', 'u@h', 'a'.repeat(255)])(
    'takes %s',
    (name) => {
      expect(isHeloName(name)).toBe(true);
    },
  );

  it.each([
    '',
    ' ',
    'two words',
    'a(b',
    'a)b',
    '"q"',
    '<a>',
    'a,b',
    'a;b',
    'a\\b',
    'b\u00fccher',
    'a\tb',
    'a\0b',
    'a\r\n',
    'x\u00a0',
  ])('refuses %j', (name) => {
    expect(isHeloName(name)).toBe(false);
    expect(isHeloName(name, { strict: true })).toBe(false);
  });

  it('refuses more than 255 octets', () => {
    expect(isHeloName('a'.repeat(256))).toBe(false);
  });

  it('takes, if strict, the hosts among them', () => {
    const text = fc.string({ unit: fc.constantFrom(..."ab1-._:[]!'IPv6@ "), maxLength: 30 });
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          fc.domain(),
          fc.ipV4().map((address) => `[${address}]`),
        ),
        (name) => {
          const host = parseHost(name, { underscores: true }) !== undefined;
          expect(isHeloName(name, { strict: true })).toBe(isHeloName(name) && host);
        },
      ),
    );
  });
});
