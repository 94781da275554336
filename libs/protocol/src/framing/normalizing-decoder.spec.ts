/** Mail data, repaired: every bare CR and LF becomes CRLF, and still only CRLF "." CRLF as sent ends it (attack A1). */
import fc from 'fast-check';
import { byteByByte, cut, cuts, decodeAll, longHostile, repairedMeaning, shortHostile } from './decoding.fixture.js';
import { NormalizingDataDecoder } from './normalizing-decoder.js';

function check(sent: string, where: readonly number[], dots: boolean, maxLine: number): void {
  const bytes = Buffer.from(sent, 'latin1');
  const meaning = repairedMeaning(sent, dots, maxLine);
  for (const chunks of [[bytes], cut(bytes, where), byteByByte(bytes)]) {
    const decoded = decodeAll(new NormalizingDataDecoder(dots, maxLine), chunks, dots);
    expect(decoded.consumed).toBe(meaning.consumed);
    if (meaning.consumed === undefined) continue;
    expect(decoded.fault !== undefined).toBe(meaning.faulty);
    if (!meaning.faulty) expect(decoded.text).toBe(meaning.text);
    // Nothing that leaves it has a bare CR or LF (attack A2).
    expect(decoded.text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  }
}

describe('NormalizingDataDecoder', () => {
  it('is its definition, dot-terminated', () => {
    fc.assert(
      fc.property(shortHostile, cuts, fc.constantFrom(0, 0, 20), (sent, where, maxLine) => {
        check(sent, where, true, maxLine);
        check(`${sent}\r\n.\r\n`, where, true, maxLine);
      }),
      { numRuns: 400 },
    );
  });

  it('is its definition, counted', () => {
    fc.assert(
      fc.property(fc.oneof(shortHostile, longHostile), cuts, fc.constantFrom(0, 78), (sent, where, maxLine) => {
        check(sent, where, false, maxLine);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['\n.\r\n', '\r\n.\r\n'],
    ['a\n.\nb', 'a\r\n.\r\nb'],
    ['a\r\n.\nb', 'a\r\n.\r\nb'],
    ['a\n..\r\nb', 'a\r\n.\r\nb'],
    ['a\r.\rb', 'a\r\n.\r\nb'],
    ['a\r\r\nb', 'a\r\n\r\nb'],
  ])('makes %j %j', (sent, meant) => {
    const decoded = decodeAll(new NormalizingDataDecoder(true, 0), [Buffer.from(`${sent}\r\n.\r\n`)], true);
    expect(decoded).toMatchObject({ text: `${meant}\r\n`, fault: undefined, consumed: sent.length + 5 });
  });

  it('refuses a line that is too long, before it ends', () => {
    const decoder = new NormalizingDataDecoder(true, 10);
    decoder.decode(Buffer.from('x'.repeat(11)), 0);
    expect(decoder.fault).toBe('line-too-long');
    expect(decoder.slice).toBeUndefined();
    expect(decoder.dropped).toBe(11);
  });
});
