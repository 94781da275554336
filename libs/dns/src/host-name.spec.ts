import fc from 'fast-check';
import { hostName } from './host-name.js';

describe('hostName', () => {
  it.each([
    ['MX.Example.org', 'mx.example.org'],
    ['example.org.', 'example.org'],
    ['Bücher.example', 'xn--bcher-kva.example'],
    ['_dmarc.example.org', '_dmarc.example.org'],
    ['localhost', 'localhost'],
    ['__proto__', '__proto__'],
    [`${'a'.repeat(63)}.example`, `${'a'.repeat(63)}.example`],
  ])('%s: %s', (text, expected) => {
    expect(hostName(text)).toBe(expected);
  });

  it.each([
    '',
    '.',
    '..',
    'example..org',
    'example.org..',
    '.example.org',
    'a b.example',
    'a\\010b.example',
    'a\r\nb.example',
    'a\0.example',
    'user@example.org',
    '[192.0.2.1]',
    '*.example.org',
    '-a.example',
    `${'a'.repeat(64)}.example`,
    `${'a.'.repeat(125)}abcd`,
  ])('%j is none', (text) => {
    expect(hostName(text)).toBeUndefined();
  });

  it('takes 253 characters and no more', () => {
    expect(hostName(`${'a.'.repeat(126)}b`)).toHaveLength(253);
    expect(hostName(`${'a.'.repeat(126)}bc`)).toBeUndefined();
  });

  it('is its own canonical form, whatever is read (attack A6)', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'grapheme' }), fc.domain(), fc.string()), (text) => {
        const name = hostName(text);
        if (name === undefined) return;
        expect(name).toMatch(/^[a-z0-9_.-]{1,253}$/);
        expect(hostName(name)).toBe(name);
      }),
    );
  });
});
