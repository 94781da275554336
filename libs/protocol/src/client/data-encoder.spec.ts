import fc from 'fast-check';
import { ServerProtocol } from '../framing/index.js';
import { DataEncoder } from './data-encoder.js';

/** The message as it goes onto the wire, cut at these places; undefined if it is refused. */
function encode(message: Uint8Array, dots: boolean, cuts: readonly number[] = []): Uint8Array | undefined {
  const encoder = new DataEncoder(dots);
  const out: number[] = [];
  let from = 0;
  for (const to of [...cuts.map((cut) => cut % (message.length + 1)).toSorted((a, b) => a - b), message.length]) {
    encoder.encode(message.subarray(from, to), (piece) => out.push(...piece));
    from = to;
  }
  return encoder.finish() ? Uint8Array.from(out) : undefined;
}

const latin1 = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString('latin1');
const octets = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** Texts full of what matters. */
const hostile = fc
  .array(fc.constantFrom('\r\n', '\r\n', '.', '..', '\r', '\n', 'a', '\0', '\xff', 'x'.repeat(70)), { maxLength: 40 })
  .map((parts) => parts.join(''));
const clean = fc
  .array(fc.constantFrom('\r\n', '.', '..', 'a', '\0', '\xff', 'x'.repeat(70), '\r\n.\r\n'), { maxLength: 40 })
  .map((parts) => `${parts.join('')}\r\n`);
const cutting = fc.array(fc.nat(), { maxLength: 20 });

describe('DataEncoder', () => {
  it.each([
    ['', ''],
    ['a\r\n', 'a\r\n'],
    ['.\r\n', '..\r\n'],
    ['a\r\n.b\r\n..\r\n', 'a\r\n..b\r\n...\r\n'],
    ['a.b\r\n', 'a.b\r\n'],
    ['\r\n.\r\n', '\r\n..\r\n'],
  ])('stuffs %j', (message, expected) => {
    for (let cut = 0; cut <= message.length; cut++) {
      expect(latin1(encode(octets(message), true, [cut]))).toBe(expected);
      expect(latin1(encode(octets(message), false, [cut]))).toBe(message);
    }
  });

  it.each(['\n', '\r', 'a\nb\r\n', 'a\rb\r\n', 'a\r\r\n', 'a\r\n\n', 'a\r', '.\n.\r\n', 'a\n.\r\n', 'a\r.\r\n'])(
    'refuses %j at every split, whether counted or not',
    (message) => {
      for (let cut = 0; cut <= message.length; cut++) {
        expect(encode(octets(message), true, [cut])).toBeUndefined();
        expect(encode(octets(message), false, [cut])).toBeUndefined();
      }
    },
  );

  it('knows whether the last line has an end', () => {
    const encoder = new DataEncoder(true);
    expect(encoder.complete).toBe(true);
    for (const [chunk, complete] of [
      ['a', false],
      ['\r', false],
      ['\n', true],
      ['.', false],
      ['\r\n', true],
    ] as const) {
      encoder.encode(octets(chunk), () => undefined);
      expect(encoder.complete).toBe(complete);
    }
  });

  it('lets no bare CR, no bare LF and no dot that begins a line alone out, whatever comes in, at any split (attack A2)', () => {
    fc.assert(
      fc.property(hostile, cutting, fc.boolean(), (message, cuts, dots) => {
        const encoder = new DataEncoder(dots);
        let out = '';
        let from = 0;
        const bytes = octets(message);
        for (const to of [...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]) {
          encoder.encode(bytes.subarray(from, to), (piece) => (out += latin1(piece)));
          from = to;
          expect(out).not.toMatch(/\r(?!\n)|(?<!\r)\n/);
          if (dots) expect(out).not.toMatch(/(?:^|\r\n)\.[^.]/);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('is what the server side of the library reads back, octet for octet', () => {
    fc.assert(
      fc.property(clean, cutting, cutting, (message, cuts, pieces) => {
        const wire = Buffer.concat([encode(octets(message), true, cuts) ?? octets('refused'), octets('.\r\nNOOP\r\n')]);
        const server = new ServerProtocol({
          commandLine: 512,
          textLine: 0,
          bareNewlines: 'reject',
          enhancedCodes: true,
        });
        server.expectData();
        let read = '';
        const ends: unknown[] = [];
        let from = 0;
        for (const to of [...pieces.map((cut) => cut % (wire.length + 1)).toSorted((a, b) => a - b), wire.length]) {
          server.receive(wire.subarray(from, to));
          from = to;
          for (let event = server.next(); event.type !== 'needData'; event = server.next()) {
            if (event.type === 'body') read += latin1(event.chunk);
            else ends.push(event.type === 'bodyEnd' ? event.fault : event.type === 'command' ? event.verb : event.type);
          }
        }
        expect(read).toBe(message);
        expect(ends).toEqual([undefined, 'NOOP']);
      }),
      { numRuns: 1000 },
    );
  });
});
