/** Transfer encodings: what was encoded comes back, at every cut; what is no encoding is read all the same, and in time. */
import fc from 'fast-check';
import { transferDecoder } from './transfer-decoding.js';

/** Decodes in pieces of these sizes. */
function decode(encoding: string, bytes: Uint8Array, sizes: readonly number[] = [bytes.length || 1]): Buffer {
  const decoder = transferDecoder(encoding);
  const out: Uint8Array[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    out.push(Uint8Array.from(decoder.push(bytes.subarray(at, at + size))));
    at += size;
  }
  return Buffer.concat([...out, decoder.end()]);
}

const text = (encoding: string, encoded: string): string =>
  decode(encoding, Buffer.from(encoded, 'latin1')).toString('latin1');

/** Quoted-printable by the rules, every octet but letters written as an escape. */
function quotedPrintable(bytes: Uint8Array): Buffer {
  let line = 0;
  let out = '';
  for (const byte of bytes) {
    const plain = (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122);
    const next = plain ? String.fromCharCode(byte) : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    if (line + next.length > 75) {
      out += '=\r\n';
      line = 0;
    }
    out += next;
    line += next.length;
  }
  return Buffer.from(out);
}

const octets = fc.uint8Array({ maxLength: 400 });
const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 });

describe('base64', () => {
  it('comes back at every cut, with line ends anywhere', () => {
    fc.assert(
      fc.property(octets, cuts, fc.integer({ min: 1, max: 80 }), (bytes, sizes, width) => {
        const lines = Buffer.from(bytes)
          .toString('base64')
          .replaceAll(new RegExp(`.{${width}}`, 'g'), '$&\r\n');
        expect(decode('base64', Buffer.from(lines), sizes)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it.each([
    ['no padding', 'aGVsbG8', 'hello'],
    ['signs that are none', 'aGV*sb  G8=\t', 'hello'],
    ['two that were joined', 'aGVsbG8=aGVsbG8=', 'hellohello'],
    ['one symbol too many', 'aGVsb', 'hel'],
    ['pads alone', '====', ''],
  ])('is read with %s', (_what, encoded, expected) => expect(text('base64', encoded)).toBe(expected));
});

describe('quoted-printable', () => {
  it('comes back at every cut', () => {
    fc.assert(
      fc.property(octets, cuts, (bytes, sizes) => {
        expect(decode('quoted-printable', quotedPrintable(bytes), sizes)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('is the same at every cut, whatever it is', () => {
    const signs = fc.string({ unit: fc.constantFrom('=', '\r', '\n', ' ', '\t', 'a', 'F', '3', 'z'), maxLength: 60 });
    fc.assert(
      fc.property(signs, cuts, (encoded, sizes) => {
        const bytes = Buffer.from(encoded);
        expect(decode('quoted-printable', bytes, sizes)).toEqual(decode('quoted-printable', bytes));
      }),
    );
  });

  it.each([
    ['soft line breaks', 'a=\r\nb=\nc', 'abc'],
    ['soft line breaks with padding', 'a= \t\r\nb', 'ab'],
    ['padding at the end of a line', 'a \t\r\nb ', 'a\r\nb'],
    ['white space within a line', 'a \tb', 'a \tb'],
    ['lower case', '=c3=a4', '\xc3\xa4'],
    ['a sign that begins nothing', 'a=zb = c', 'a=zb =c'],
    ['half an escape', 'a=4z=4', 'a=4z=4'],
    ['a break at the end', 'a=', 'a'],
  ])('is read with %s', (_what, encoded, expected) => expect(text('quoted-printable', encoded)).toBe(expected));

  it('keeps more white space than any line may have', () => {
    expect(text('quoted-printable', `a${' '.repeat(5000)}\r\n`).trimEnd()).toBe('a');
    expect(text('quoted-printable', `${' '.repeat(5000)}b`)).toBe(`${' '.repeat(5000)}b`);
  });
});

it.each(['7bit', '8bit', 'binary', '', 'x-uuencode', '__proto__'])('%s is taken as it stands', (encoding) => {
  expect(text(encoding, 'a=20=\r\nYQ==\0\xff')).toBe('a=20=\r\nYQ==\0\xff');
});
