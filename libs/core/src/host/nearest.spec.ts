/** "Did you mean". */
import { nearest } from './nearest.js';

const NAMES = ['domains', 'maildir', 'policies', 'host', 'to', 'recipients'];

describe('nearest', () => {
  it.each([
    ['domain', 'domains'],
    ['Domains', 'domains'],
    ['mialdir', 'maildir'],
    ['mail-dir', 'maildir'],
    ['hots', 'host'],
    ['recipiens', 'recipients'],
    ['recpients', 'recipients'],
    ['t', 'to'],
    ['domains', 'domains'],
  ])('finds that %j is %j', (name, expected) => {
    expect(nearest(name, NAMES)).toBe(expected);
  });

  it.each(['', 'xyz', 'completely', 'mbox', '__proto__', 'x'.repeat(100_000)])('finds nothing near %j', (name) => {
    expect(
      nearest(
        name,
        NAMES.filter((one) => one.length > 3),
      ),
    ).toBeUndefined();
  });

  it('takes the nearest of several, and the first of those as near', () => {
    expect(nearest('cat', ['cart', 'cats', 'cut', 'cat'])).toBe('cat');
    expect(nearest('cat', ['cart', 'cats'])).toBe('cart');
    expect(nearest('cat', [])).toBeUndefined();
  });
});
