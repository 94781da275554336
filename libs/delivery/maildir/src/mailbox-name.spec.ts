import fc from 'fast-check';
import { mailboxLocalPart, safeName } from './mailbox-name.js';

describe('names of mailboxes (attack A12)', () => {
  it.each([
    ['bob', 'bob'],
    ['first.last+tag=x_y-z', 'first.last+tag=x_y-z'],
    ['.', '%2E'],
    ['..', '%2E.'],
    ['../../etc/passwd', '%2E.%2F..%2Fetc%2Fpasswd'],
    ['/etc/passwd', '%2Fetc%2Fpasswd'],
    ['a\\b', 'a%5Cb'],
    ['a\0b', 'a%00b'],
    ['new/..', 'new%2F..'],
    ['%2F', '%252F'],
    ['a b', 'a%20b'],
    ['a:b', 'a%3Ab'],
    ['jörg', 'j%C3%B6rg'],
    ['a@b', 'a%40b'],
    ['~root', '%7Eroot'],
    ['-rf', '-rf'],
    ['[192.0.2.1]', '%5B192.0.2.1%5D'],
  ])('%s is stored in %s', (text, name) => {
    expect(safeName(text)).toBe(name);
  });

  it('has no name for nothing, and none that is too long', () => {
    expect(safeName('')).toBeUndefined();
    expect(safeName('a'.repeat(255))).toBe('a'.repeat(255));
    expect(safeName('a'.repeat(256))).toBeUndefined();
    expect(safeName('é'.repeat(43))).toBeUndefined();
  });

  it('uses only characters of the allow-list, begins with no dot, and can be read back', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
      fc.constantFrom('..', './', '%', '\r\n'),
    );
    fc.assert(
      fc.property(anything, (text) => {
        const name = safeName(text);
        if (name === undefined) return;
        expect(name).toMatch(/^[A-Za-z0-9_+=%-][A-Za-z0-9_+=%.-]*$/);
        expect(decodeURIComponent(name)).toBe(text);
      }),
    );
  });

  it('folds case and spelling, and cuts a subaddress off, where that is wanted', () => {
    expect(mailboxLocalPart('Bob', true, undefined)).toBe('bob');
    expect(mailboxLocalPart('Bob', false, undefined)).toBe('Bob');
    expect(mailboxLocalPart('bob+list', true, '+')).toBe('bob');
    expect(mailboxLocalPart('bob+list', true, undefined)).toBe('bob+list');
    expect(mailboxLocalPart('+list', true, '+')).toBe('+list');
    expect(mailboxLocalPart('Jo\u0308rg', true, undefined)).toBe('j\u00f6rg');
  });
});
