/** The scanner: what it finds, that the WebAssembly is what its text says, and that nothing depends on there being any. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import wabt from 'wabt';
import { findBreak, forget, SCAN_WASM } from './scan.js';

const CR = 13;
const LF = 10;
const DOT = 46;

/** The definition, byte by byte. */
function byteWise(bytes: Uint8Array, from: number, end: number, dots: boolean): number {
  for (let i = from; i < end; i++) {
    if (bytes[i] === CR && bytes[i + 1] !== LF) return i;
    if (bytes[i] === CR && dots && bytes[i + 2] === DOT) return i;
    if (bytes[i] === LF && bytes[i - 1] !== CR) return i;
  }
  return end;
}

/** Every start and both meanings of a dot, against the definition. */
function compare(bytes: Uint8Array, find: typeof findBreak, starts: Iterable<number>): void {
  for (const dots of [true, false]) {
    for (const from of starts) {
      // Both what was loaded from here and what was loaded from further back.
      if (from % 3 === 0) forget();
      const found = find(bytes, from, bytes.length, dots);
      const expected = byteWise(bytes, from, bytes.length, dots);
      // A plain comparison first: an expectation for each of some hundred thousand is what would take the time.
      if (found !== expected) expect({ bytes, from, dots, found }).toEqual({ bytes, from, dots, found: expected });
    }
  }
}

const PATTERNS = ['\r', '\n', '\r\n', '\r\n.', '\r\n\r\n', '\n\r', '\r\r\n', '\r\n\n', '.', '\n.', '\r\n\r\n.'];

/** Bytes of which the hostile ones come often, long enough for the scanner. */
const hostile = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...PATTERNS) },
      fc.nat(90).map((n) => 'x'.repeat(n)),
    ),
    {
      maxLength: 30,
    },
  )
  .map((parts) => Buffer.from(parts.join('')));

const everyStart = (bytes: Uint8Array) => Array.from({ length: bytes.length + 1 }, (_, i) => i);

describe('findBreak', () => {
  it.each(PATTERNS.map((pattern) => [JSON.stringify(pattern), pattern]))(
    'finds %s wherever it stands',
    (_, pattern) => {
      const length = 150;
      for (let at = 0; at + pattern.length <= length; at++) {
        const bytes = Buffer.alloc(length, 'x');
        bytes.write(pattern, at, 'latin1');
        compare(
          bytes,
          findBreak,
          [0, 1, 2, 15, 16, 17, 63, at, at + 1].filter((from) => from < length),
        );
      }
    },
  );

  it('is the definition, for any bytes and from anywhere', () => {
    fc.assert(
      fc.property(hostile, (bytes) => {
        compare(bytes, findBreak, everyStart(bytes));
      }),
      { numRuns: 60 },
    );
  });

  it('looks no further than the end it is given', () => {
    const bytes = Buffer.from(`${'x'.repeat(100)}\n${'x'.repeat(100)}`);
    for (let end = 0; end <= bytes.length; end++) {
      expect(findBreak(bytes, 0, end, true)).toBe(byteWise(bytes, 0, end, true));
    }
  });

  it('finds what stands around the edge of its memory, and beyond it', () => {
    const edge = 128 * 1024 - 32;
    for (const pattern of ['\r\n.', '\n', '\r', '\r\n\r\n.']) {
      for (let at = edge - 40; at <= edge + 40; at++) {
        const bytes = Buffer.alloc(edge + 200, 'x');
        bytes.write(pattern, at, 'latin1');
        compare(bytes, findBreak, [0, 1, 39]);
        forget();
      }
    }
    const clean = Buffer.from('a line like any other\r\n'.repeat(20_000));
    expect(findBreak(clean, 0, clean.length, true)).toBe(clean.length);
  });

  it('copies a chunk once, however many dots it has', () => {
    const bytes = Buffer.from('\r\n.x'.repeat(16 * 1024));
    forget();
    const copies = jest.spyOn(Uint8Array.prototype, 'set');
    let found = 0;
    for (let at = 0; at < bytes.length; at += 2) {
      at = findBreak(bytes, at, bytes.length, true);
      if (at < bytes.length) found += 1;
    }
    expect(found).toBe(16 * 1024);
    expect(copies).toHaveBeenCalledTimes(1);
    copies.mockRestore();
  });

  it('looks again at bytes that were changed once they were done with', () => {
    const bytes = Buffer.alloc(200, 'x');
    expect(findBreak(bytes, 0, 200, true)).toBe(200);
    forget();
    bytes[100] = LF;
    expect(findBreak(bytes, 0, 200, true)).toBe(100);
  });
});

describe('the WebAssembly', () => {
  it('is what scan.wat says', async () => {
    const { parseWat } = await wabt();
    const text = readFileSync(join(__dirname, 'scan.wat'), 'utf8');
    const { buffer } = parseWat('scan.wat', text, { simd: true }).toBinary({});
    expect(Buffer.from(buffer).toString('base64')).toBe(SCAN_WASM);
  });

  it('is in use here', () => {
    const copies = jest.spyOn(Uint8Array.prototype, 'set');
    findBreak(Buffer.alloc(100, 'x'), 0, 100, true);
    expect(copies).toHaveBeenCalled();
    copies.mockRestore();
  });

  it('may be missing', async () => {
    const kept = Object.getOwnPropertyDescriptor(globalThis, 'WebAssembly');
    if (kept === undefined) throw new Error('there is nothing to take away');
    Reflect.deleteProperty(globalThis, 'WebAssembly');
    let without: typeof findBreak | undefined;
    try {
      await jest.isolateModulesAsync(async () => {
        ({ findBreak: without } = await import('./scan.js'));
      });
    } finally {
      Object.defineProperty(globalThis, 'WebAssembly', kept);
    }
    const find = without ?? findBreak;
    expect(find).not.toBe(findBreak);
    const copies = jest.spyOn(Uint8Array.prototype, 'set');
    find(Buffer.alloc(100, 'x'), 0, 100, true);
    expect(copies).not.toHaveBeenCalled();
    copies.mockRestore();
    fc.assert(
      fc.property(hostile, (bytes) => {
        compare(bytes, find, everyStart(bytes));
      }),
      { numRuns: 30 },
    );
  });
});
