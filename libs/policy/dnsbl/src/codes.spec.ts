import fc from 'fast-check';
import { matchesCode, parseCodePattern } from './codes.js';

const matches = (pattern: string, address: string) => {
  const parsed = parseCodePattern(pattern);
  return parsed === undefined ? undefined : matchesCode(parsed, address);
};

describe('codes', () => {
  it.each([
    ['127.0.0.2', '127.0.0.2', true],
    ['127.0.0.2', '127.0.0.20', false],
    ['127.0.0.2', '127.0.0.3', false],
    ['127.0.0.4-7', '127.0.0.4', true],
    ['127.0.0.4-7', '127.0.0.7', true],
    ['127.0.0.4-7', '127.0.0.8', false],
    ['127.0.*.3', '127.0.255.3', true],
    ['127.0.*.3', '127.0.255.2', false],
    ['127.*.*.*', '128.0.0.1', false],
  ])('%s %s: %p', (pattern, address, expected) => {
    expect(matches(pattern, address)).toBe(expected);
  });

  it.each([
    '',
    '127.0.0',
    '127.0.0.2.3',
    '10.0.0.2',
    '*.0.0.2',
    '126-128.0.0.2',
    '127.0.0.256',
    '127.0.0.02',
    '127.0.0.7-4',
    '127.0.0.1-2-3',
    '127.0.0.-4',
    '127.0.0.4-',
    '127.0.0.x',
    '127.0.0.1e1',
    '127.0.0.2 ',
  ])('%j is none', (text) => {
    expect(parseCodePattern(text)).toBeUndefined();
  });

  it('mean what they say, and nothing makes them throw', () => {
    const octet = fc.nat(255);
    fc.assert(
      fc.property(octet, octet, octet, octet, octet, (a, b, from, to, last) => {
        const range = `${Math.min(from, to)}-${Math.max(from, to)}`;
        const expected = last >= Math.min(from, to) && last <= Math.max(from, to);
        expect(matches(`127.${a}.${b}.${range}`, `127.${a}.${b}.${last}`)).toBe(expected);
      }),
    );
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\d.*-]{1,20}$/)), (text) => {
        parseCodePattern(text);
      }),
    );
  });
});
