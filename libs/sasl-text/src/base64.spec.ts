/** Base64: what is written exactly, and nothing else. */
import fc from 'fast-check';
import { decodeBase64, decodeInitialResponse, encodeBase64 } from './base64.js';

const octets = fc.uint8Array({ maxLength: 300 });
const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');

describe('decodeBase64', () => {
  // RFC 4648 10.
  it.each([
    ['', ''],
    ['f', 'Zg=='],
    ['fo', 'Zm8='],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg=='],
    ['fooba', 'Zm9vYmE='],
    ['foobar', 'Zm9vYmFy'],
  ])('reads and writes "%s" as "%s"', (plain, coded) => {
    expect(decodeBase64(coded)?.toString()).toBe(plain);
    expect(decodeBase64(latin1(coded))?.toString()).toBe(plain);
    expect(encodeBase64(Buffer.from(plain))).toBe(coded);
  });

  it('reads what is written', () => {
    fc.assert(
      fc.property(octets, (some) => {
        expect(decodeBase64(encodeBase64(some))).toEqual(Buffer.from(some));
      }),
    );
  });

  it.each([
    ['padding that is missing', 'Zg'],
    ['half of the padding', 'Zg='],
    ['too much of it', 'Zm9v===='],
    ['padding alone', '===='],
    ['padding in the middle', 'Zg==Zg=='],
    ['padding before the end', 'Z=g='],
    ['bits behind the last octet', 'Zh=='],
    ['bits behind the last octet of two', 'Zm9='],
    ['a space', 'Zm 9'],
    ['a line end', 'Zm9v\r\n'],
    ['a line end that makes it fit', 'Zm\r\n'],
    ['the alphabet of URLs', '-_-_'],
    ['a NUL', 'Zm9\0'],
    ['an octet beyond ASCII', 'Zm9\xff'],
    ['a star', '*'],
  ])('refuses %s', (_what, text) => {
    expect(decodeBase64(text)).toBeUndefined();
    expect(decodeBase64(latin1(text))).toBeUndefined();
  });

  it('takes no letter for one whose code ends in the same eight bits', () => {
    expect(decodeBase64('Zm9\u0141')).toBeUndefined();
  });

  it('reads no two texts as the same octets', () => {
    const text = fc.string({ unit: fc.constantFrom(...'AQZaz09+/= -_\n'), maxLength: 12 });
    fc.assert(
      fc.property(fc.oneof(text, fc.string({ unit: 'binary' })), (some) => {
        const read = decodeBase64(some);
        if (read !== undefined) expect(encodeBase64(read)).toBe(some);
      }),
      { numRuns: 2000 },
    );
  });

  it('writes a view as what it shows', () => {
    expect(encodeBase64(latin1('xfoox').subarray(1, 4))).toBe('Zm9v');
  });
});

describe('decodeInitialResponse', () => {
  it('knows an empty one from none (RFC 4954 4)', () => {
    expect(decodeInitialResponse('=')).toEqual(Buffer.alloc(0));
    expect(decodeInitialResponse('')).toBeUndefined();
    expect(decodeInitialResponse('Zm9v')?.toString()).toBe('foo');
    expect(decodeInitialResponse('==')).toBeUndefined();
  });
});
