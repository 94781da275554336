/** Names and passwords: one form of each, and none that would break a line. */
import fc from 'fast-check';
import { prepareName, readName, readSecret } from './names.js';
import { saslPrep } from './saslprep.js';
import { decodeUtf8 } from './utf8.js';

const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.string());
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\x00-\x1f\x7f-\x9f\u2028\u2029]/;

describe('saslPrep', () => {
  // RFC 4013 3.
  it.each([
    ['I\u00adX', 'IX'],
    ['user', 'user'],
    ['USER', 'USER'],
    ['\u00aa', 'a'],
    ['\u2168', 'IX'],
    ['\u0007', undefined],
    ['\u0627\u0031', undefined],
  ])('makes of %j %j', (text, prepared) => {
    expect(saslPrep(text)).toBe(prepared);
  });

  it('takes other spaces for a space, and what was not assigned for what it is', () => {
    expect(saslPrep('a\u00a0b\u3000c')).toBe('a b c');
    expect(saslPrep('\u{1f600}')).toBe('\u{1f600}');
  });

  it.each([
    '',
    '\u00ad',
    'a\0',
    'a\n',
    '\x7f',
    '\x85',
    '\u2028',
    '\u202e',
    '\ue000',
    '\ufffd',
    '\ud800',
    'x\u00df\u05d0',
  ])('makes nothing of %j', (text) => {
    expect(saslPrep(text)).toBeUndefined();
  });

  it('comes to an end for whatever is long', () => {
    expect(saslPrep('\u00e9'.repeat(1_000_000))).toBeUndefined();
    expect(saslPrep('e'.repeat(1_000_000))?.length).toBe(1_000_000);
  });

  it('changes nothing that is prepared, and lets no control character through', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const prepared = saslPrep(text);
        if (prepared === undefined) return;
        expect(prepared).not.toMatch(CONTROL);
        expect(saslPrep(prepared)).toBe(prepared);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('names', () => {
  it('are prepared, and at most 255 octets', () => {
    expect(readName(Buffer.from('ann@example.org'))).toBe('ann@example.org');
    expect(readName(Buffer.from('J\u00f6rg'))).toBe('J\u00f6rg');
    expect(readName(Buffer.from('Jo\u0308rg'))).toBe('J\u00f6rg');
    expect(readName(Buffer.from('a'.repeat(255)))).toBe('a'.repeat(255));
    expect(readName(Buffer.from('a'.repeat(256)))).toBeUndefined();
    expect(prepareName('\u00e9'.repeat(128))).toBeUndefined();
    // U+FDFA is eighteen characters when it is prepared.
    expect(prepareName('\ufdfa'.repeat(10))).toBeUndefined();
  });

  it.each(['', 'a\0b', 'a\r\nb', '\x1b[2J', '\x7f', '\u009b', '\u202eann'])('are not %j', (text) => {
    expect(readName(Buffer.from(text))).toBeUndefined();
    expect(prepareName(text)).toBeUndefined();
  });

  it('are UTF-8', () => {
    for (const octets of ['ff', 'c3', 'c0af', 'eda080', 'f4908080']) {
      expect(readName(Buffer.from(octets, 'hex'))).toBeUndefined();
    }
  });

  it('hold what they say, whatever is read', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          anyText.map((text) => Buffer.from(text)),
        ),
        (octets) => {
          const name = readName(octets);
          if (name === undefined) return;
          expect(name).not.toBe('');
          expect(name).not.toMatch(CONTROL);
          expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
          expect(prepareName(name)).toBe(name);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('readSecret', () => {
  it('prepares a password where it can', () => {
    expect(readSecret(Buffer.from('pass word'))).toBe('pass word');
    expect(readSecret(Buffer.from('I\u00adX'))).toBe('IX');
  });

  it('takes one that can not be prepared as it was sent', () => {
    for (const text of ['abc\u05d0', 'tab\there', '\ue000']) expect(readSecret(Buffer.from(text))).toBe(text);
  });

  it.each(['', 'a\0b', 'a'.repeat(256)])('refuses %j', (text) => {
    expect(readSecret(Buffer.from(text))).toBeUndefined();
  });

  it('refuses what is not UTF-8', () => {
    expect(readSecret(Buffer.from('ff', 'hex'))).toBeUndefined();
  });
});

describe('decodeUtf8', () => {
  it('leaves nothing out', () => {
    expect(decodeUtf8(Buffer.from('\ufeffa'))).toBe('\ufeffa');
    fc.assert(
      fc.property(fc.uint8Array(), (octets) => {
        const text = decodeUtf8(octets);
        if (text !== undefined) expect(Buffer.from(text)).toEqual(Buffer.from(octets));
      }),
    );
  });
});
