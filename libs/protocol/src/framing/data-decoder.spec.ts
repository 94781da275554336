/** Mail data, strictly: what the decoder makes of any bytes at any cut is what its definition says (attacks A1 and A8). */
import fc from 'fast-check';
import { StrictDataDecoder } from './data-decoder.js';
import {
  byteByByte,
  cleanText,
  cut,
  cuts,
  decodeAll,
  longHostile,
  shortHostile,
  strictMeaning,
} from './decoding.fixture.js';

function check(sent: string, where: readonly number[], dots: boolean, maxLine: number): void {
  const bytes = Buffer.from(sent, 'latin1');
  const meaning = strictMeaning(sent, dots, maxLine);
  for (const chunks of [[bytes], cut(bytes, where), ...(bytes.length < 200 ? [byteByByte(bytes)] : [])]) {
    const decoded = decodeAll(new StrictDataDecoder(dots, maxLine), chunks, dots);
    expect(decoded.consumed).toBe(meaning.consumed);
    if (meaning.consumed === undefined) continue;
    expect(decoded.fault !== undefined).toBe(meaning.faulty);
    if (meaning.faulty) expect(meaning.text.startsWith(decoded.text)).toBe(true);
    else expect(decoded.text).toBe(meaning.text);
    if (!meaning.faulty) expect(decoded.dropped).toBe(0);
  }
}

const lineLimits = fc.constantFrom(0, 0, 10, 78);

describe('StrictDataDecoder', () => {
  it('is its definition for short hostile data, dot-terminated', () => {
    fc.assert(
      fc.property(shortHostile, cuts, lineLimits, (sent, where, maxLine) => {
        check(sent, where, true, maxLine);
        check(`${sent}\r\n.\r\n`, where, true, maxLine);
      }),
      { numRuns: 600 },
    );
  });

  it('is its definition for short hostile data, counted', () => {
    fc.assert(
      fc.property(shortHostile, cuts, lineLimits, (sent, where, maxLine) => {
        check(sent, where, false, maxLine);
      }),
      { numRuns: 500 },
    );
  });

  it('is its definition for data as long as the scanner wants it', () => {
    fc.assert(
      fc.property(longHostile, cuts, fc.boolean(), lineLimits, (sent, where, dots, maxLine) => {
        check(`${sent}\r\n.\r\n`, where, dots, maxLine);
      }),
      { numRuns: 500 },
    );
  });

  it('gives clean data completely, whatever dots are in it', () => {
    fc.assert(
      fc.property(cleanText, cuts, (text, where) => {
        const stuffed = text.replaceAll(/^\./gm, '..');
        const bytes = Buffer.from(`${stuffed}.\r\nQUIT\r\n`);
        const decoded = decodeAll(new StrictDataDecoder(true, 0), cut(bytes, where), true);
        expect(decoded).toEqual({ text, fault: undefined, consumed: stuffed.length + 3, dropped: 0 });
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['one chunk', []],
    ['pieces', [0.1, 0.49, 0.5, 0.51, 0.9]],
  ])('takes chunks larger than the scanner sees at once, in %s', (_, where) => {
    const filler = 'a line of some length\r\n'.repeat(7_000);
    for (const seam of ['', '..x\r\n', '.\r\r\n', 'x\ny\r\n', '.\n']) {
      check(`${filler}${seam}${filler}.\r\n`, where, true, 0);
      check(`${filler}${seam}${filler}`, where, false, 1000);
    }
  });

  it('gives views, and the chunk itself where it is all message', () => {
    const decoder = new StrictDataDecoder(true, 0);
    const chunk = Buffer.from('hello\r\n..world');
    decoder.decode(chunk, 0);
    expect(decoder.slice?.buffer).toBe(chunk.buffer);
    decoder.decode(chunk, decoder.at);
    expect(decoder.slice).toEqual(Buffer.from('.world'));
    const whole = Buffer.from(' and all');
    decoder.decode(whole, 0);
    expect(decoder.slice).toBe(whole);
  });

  it('names the first fault, and keeps it', () => {
    for (const [sent, fault] of [
      ['a\rb\nc\r\n.\r\n', 'bare-cr'],
      ['a\nb\rc\r\n.\r\n', 'bare-lf'],
      ['0123456789\r\n\n\r\n.\r\n', 'line-too-long'],
      ['.\r.\r\n.\r\n', 'bare-cr'],
    ] as const) {
      const decoder = new StrictDataDecoder(true, 10);
      expect(decodeAll(decoder, [Buffer.from(sent)], true).fault).toBe(fault);
    }
  });

  it('counts what a fault keeps it from giving', () => {
    const rest = `${'x'.repeat(1000)}\r\n`.repeat(10);
    const decoder = new StrictDataDecoder(true, 0);
    decoder.decode(Buffer.from('a\n'), 0);
    decoder.decode(Buffer.from(rest), 0);
    expect(decoder.slice).toBeUndefined();
    expect(decoder.dropped).toBe(2 + rest.length);
  });

  it('holds a line to its limit: CRLF counts, a stuffed dot does not', () => {
    const fault = (sent: string) => decodeAll(new StrictDataDecoder(true, 10), [Buffer.from(sent)], true).fault;
    expect(fault('12345678\r\n.\r\n')).toBeUndefined();
    expect(fault('..2345678\r\n.\r\n')).toBeUndefined();
    expect(fault('123456789\r\n.\r\n')).toBe('line-too-long');
    expect(fault('..23456789\r\n.\r\n')).toBe('line-too-long');
    // It is known before the line ends: an endless line must not wait for its end.
    expect(fault('x'.repeat(11))).toBe('line-too-long');
  });

  it('looks at each byte of a faulty chunk a bounded number of times (attack A8)', () => {
    // With a second look at all that follows for each CR this would take an hour.
    const chunk = Buffer.alloc(4 * 1024 * 1024, '\r');
    const decoder = new StrictDataDecoder(true, 1000);
    decoder.decode(chunk, 0);
    expect(decoder.fault).toBe('bare-cr');
    expect(decoder.at).toBe(chunk.length);
  });

  it('may be fed from one buffer that is filled anew each time', () => {
    const decoder = new StrictDataDecoder(true, 0);
    const buffer = Buffer.alloc(200, 'x');
    decoder.decode(buffer, 0);
    buffer.write('\r\n.\r\n', 100);
    decoder.decode(buffer, 0);
    decoder.decode(buffer, decoder.at);
    expect(decoder.ended).toBe(true);
  });
});
