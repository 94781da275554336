/** Lines: where they end, what is wrong with them, and that no more of one is kept than its limit (attacks A6 and A13). */
import fc from 'fast-check';
import { LineReader, type LineFault } from './line-reader.js';

const LIMIT = 64;
/** What of an endless line is read before the connection is given up. */
const FLOOD = 64 * 1024;

type Line = string | undefined | LineFault;

/** Reads all lines of the chunks: their texts (undefined if they are not UTF-8), or what is wrong with them. */
function readAll(chunks: readonly Uint8Array[], reader = new LineReader(false), limit = LIMIT): Line[] {
  const lines: Line[] = [];
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length && !reader.flooding; at = reader.at) {
      if (reader.read(chunk, at, limit)) lines.push(reader.fault ?? reader.text());
    }
  }
  return lines;
}

const whole = (text: string) => [Buffer.from(text, 'latin1')];
const bytes = (text: string) => Array.from(Buffer.from(text, 'latin1'), (byte) => Uint8Array.of(byte));

/** The definition: a line ends at CRLF, and is judged by all that stands before. */
function definition(text: string, acceptBareLf: boolean): Line[] {
  const ends = acceptBareLf ? /\r?\n/g : /\r\n/g;
  const lines: Line[] = [];
  let from = 0;
  for (const { index, 0: end } of text.matchAll(ends)) {
    const line = text.slice(from, index);
    from = index + end.length;
    if (line.length + end.length > LIMIT) lines.push('too-long');
    else if (/[\r\n]/.test(line)) lines.push('bare-newline');
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    else if (/[\x00-\x1f\x7f]/.test(line)) lines.push('control');
    else lines.push(utf8(line));
  }
  return lines;
}

function utf8(line: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(line, 'latin1'));
  } catch {
    return undefined;
  }
}

describe.each([
  ['strict', false],
  ['accepting a bare LF', true],
])('LineReader, %s', (_, acceptBareLf) => {
  it('is its definition at every cut', () => {
    const text = fc
      .array(
        fc.oneof(
          fc.constantFrom('\r\n', '\r', '\n', '\0', '\t', '\x7f', 'ü', '\xc3\xbc', '\xef\xbb\xbf', ' ', '\r\n\r\n'),
          fc.nat(70).map((n) => 'x'.repeat(n)),
        ),
        { maxLength: 15 },
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, fc.nat(), (sent, where) => {
        const expected = definition(sent, acceptBareLf);
        const cut = where % (sent.length + 1);
        for (const chunks of [whole(sent), bytes(sent), [...whole(sent.slice(0, cut)), ...whole(sent.slice(cut))]]) {
          expect(readAll(chunks, new LineReader(acceptBareLf))).toEqual(expected);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('LineReader', () => {
  it.each([whole, bytes])('holds a line to its limit, CRLF included', (split) => {
    const longest = 'x'.repeat(LIMIT - 2);
    expect(readAll(split(`${longest}\r\n${longest}x\r\nnext\r\n`))).toEqual([longest, 'too-long', 'next']);
  });

  it.each([whole, bytes])('takes an over-long line for one line, whatever is in it', (split) => {
    expect(readAll(split(`${'x'.repeat(200)}\nQUIT\n\rQUIT\r\r\nnext\r\n`))).toEqual(['too-long', 'next']);
  });

  it('keeps no more of a line than its limit, and copies none that has come at once', () => {
    const reader = new LineReader(false);
    const copied = jest.spyOn(Uint8Array.prototype, 'set');
    readAll(whole('a line\r\nand another\r\n'), reader);
    const flood = Buffer.alloc(1000, 'x');
    for (let i = 0; i < 50; i++) reader.read(flood, 0, LIMIT);
    expect(copied).not.toHaveBeenCalled();
    for (const byte of bytes(`\r\n${'y'.repeat(200)}`)) reader.read(byte, 0, 100);
    const kept = copied.mock.contexts.map((memory: unknown) => (memory as Uint8Array).length);
    copied.mockRestore();
    expect(Math.max(...kept)).toBe(100);
  });

  it('keeps nothing of a line once it has been read', () => {
    const reader = new LineReader(false);
    const copied = jest.spyOn(Uint8Array.prototype, 'set');
    for (const byte of bytes('one\r\n')) reader.read(byte, 0, LIMIT);
    const before = new Set<unknown>(copied.mock.contexts);
    for (const byte of bytes('two\r\n')) reader.read(byte, 0, LIMIT);
    const again = copied.mock.contexts.slice(5).filter((memory) => before.has(memory));
    copied.mockRestore();
    expect(before.size).toBe(1);
    expect(again).toEqual([]);
    expect(reader.text()).toBe('two');
  });

  it.each([
    ['in one chunk', [Buffer.alloc(FLOOD + LIMIT + 1, 'x')]],
    ['in pieces', Array.from({ length: 70 }, () => Buffer.alloc(1000, 'x'))],
    ['that ends after all', [Buffer.alloc(40_000, 'x'), Buffer.from(`${'x'.repeat(40_000)}\r\nQUIT\r\n`)]],
    ['that ends in the chunk it began in', whole(`${'x'.repeat(70_000)}\r\nQUIT\r\n`)],
    ['of line feeds', [Buffer.alloc(FLOOD + LIMIT + 1, '\n')]],
  ])('gives up an endless line %s', (_, chunks) => {
    const reader = new LineReader(false);
    readAll(chunks, reader);
    expect(reader.flooding).toBe(true);
  });

  it('does not give up a long line that ends in time', () => {
    const reader = new LineReader(false);
    expect(readAll(whole(`${'x'.repeat(FLOOD + LIMIT - 2)}\r\nnext\r\n`), reader)).toEqual(['too-long', 'next']);
    expect(reader.flooding).toBe(false);
  });

  it('gives the bytes of a line as they are', () => {
    const reader = new LineReader(false);
    expect(reader.read(Buffer.from('\xff\xfe=\r\nrest', 'latin1'), 0, LIMIT)).toBe(true);
    expect(reader.bytes()).toEqual(Buffer.from('\xff\xfe=', 'latin1'));
    expect(reader.at).toBe(5);
  });

  it('lets go of what it has given: an idle session must not keep a chunk', () => {
    const reader = new LineReader(false);
    reader.read(Buffer.from('secret\r\n'), 0, LIMIT);
    expect(reader.text()).toBe('secret');
    expect(reader.bytes()).toHaveLength(0);
    reader.read(Buffer.from('\xff\r\n', 'latin1'), 0, LIMIT);
    expect(reader.text()).toBeUndefined();
    expect(reader.bytes()).toHaveLength(0);
  });

  it('decodes with what the platform has for ASCII, and knows what is not', () => {
    const decoded: string[] = [];
    const reader = new LineReader(false, (chunk, from, to) => {
      decoded.push(Buffer.from(chunk.subarray(from, to)).toString('latin1'));
      return 'by the platform';
    });
    expect(readAll([Buffer.from('NOOP\r\nNOOP ü\r\n')], reader)).toEqual(['by the platform', 'NOOP ü']);
    expect(reader.ascii).toBe(false);
    expect(decoded).toEqual(['NOOP']);
  });
});
