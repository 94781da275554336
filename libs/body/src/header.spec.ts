import fc from 'fast-check';
import { BodyAborted } from '@mailverb/contract';
import { HeaderFields, bodyOf, bodyOfHeld, collect, heldBytes, peekHeader } from './index.js';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const text = (octets: Uint8Array): string => Buffer.from(octets).toString('latin1');

describe('peekHeader', () => {
  const MESSAGES: readonly (readonly [string, string])[] = [
    ['A: 1\r\nB: 2\r\n\r\nbody\r\n\r\nmore', 'A: 1\r\nB: 2\r\n'],
    ['\r\nbody: no\r\n\r\n', ''],
    ['A: 1\r\n\r\n', 'A: 1\r\n'],
    ['A: 1\r\n', 'A: 1\r\n'],
    ['A: 1\n\nB: 2\r\n\r\nx', 'A: 1\n\nB: 2\r\n'],
    ['', ''],
  ];

  it('finds its end at every cut, and what is read is the message', async () => {
    for (const [message, header] of MESSAGES) {
      for (let cut = 0; cut <= message.length; cut++) {
        for (const pieces of [[message.slice(0, cut), message.slice(cut)], [...message]]) {
          const one = await peekHeader(bodyOf(pieces.map(bytes)), 1000);
          expect(text(one.header)).toBe(header);
          expect(text(await collect(one.body))).toBe(message);
          const later = await peekHeader(
            bodyOf(
              (async function* () {
                for (const piece of pieces) yield bytes(piece);
              })(),
            ),
            1000,
          );
          expect(text(later.header)).toBe(header);
          expect(text(await collect(later.body))).toBe(message);
        }
      }
    }
  });

  it('answers at once where the octets are here, and leaves a held message held', async () => {
    for (const [message, header] of MESSAGES) {
      const body = bodyOfHeld(heldBytes(bytes(message)));
      const seen = peekHeader(body, 1000);
      expect(seen).toMatchObject({ header: expect.anything(), body });
      expect(text((await seen).header)).toBe(header);
      expect(text(await collect(body))).toBe(message);
    }
  });

  it('copies what it keeps: a chunk is only good until the next is read', async () => {
    const chunk = Buffer.alloc(4);
    const body = bodyOf(
      (function* () {
        for (const piece of ['A: 1', '\r\n\r\n', 'rest']) {
          chunk.write(piece, 'latin1');
          yield chunk;
        }
      })(),
    );
    const seen = await peekHeader(body, 1000);
    expect(text(await collect(seen.body))).toBe('A: 1\r\n\r\nrest');
    expect(text(seen.header)).toBe('A: 1\r\n');
  });

  it('looks at no more than it may', async () => {
    let read = 0;
    const body = bodyOf(
      (function* () {
        for (; read < 1000; read++) yield bytes('A: 1\r\n');
      })(),
    );
    const seen = await peekHeader(body, 60);
    expect([text(seen.header).length, read]).toEqual([60, 9]);
    expect(text(await collect(seen.body))).toHaveLength(6000);
  });

  it('passes on that the message will not be complete', async () => {
    const body = bodyOf(
      (async function* () {
        yield bytes('A: 1\r\n');
        throw new BodyAborted('gone');
      })(),
    );
    await expect(peekHeader(body, 1000)).rejects.toThrow(BodyAborted);
  });
});

describe('HeaderFields', () => {
  it('have their values by name, in order, without folds', () => {
    const fields = new HeaderFields(
      bytes(
        'Subject: one\r\n\ttwo\r\nno field\r\n: nothing\r\nDelivered-To:a@b\r\ndelivered-TO : <c@d>\r\n__proto__: x\r\n',
      ),
    );
    expect(fields.all('subject')).toEqual(['one\ttwo']);
    expect(fields.all('delivered-to')).toEqual(['a@b', '<c@d>']);
    expect(fields.all('__proto__')).toEqual(['x']);
    expect(fields.all('constructor')).toEqual([]);
    expect(fields.all('')).toEqual([]);
  });

  it('are UTF-8 where they are', () => {
    expect(new HeaderFields(Buffer.from('Subject: grün\r\n', 'utf8')).all('subject')).toEqual(['grün']);
  });

  it('come of any octets, in time that grows with them (attack A8)', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (octets) => void new HeaderFields(octets).all('x')));
    for (const piece of ['\r\n ', 'a:\r\n', ':', ' \r\n', '\r', 'a: b\r\n\t']) {
      const began = performance.now();
      new HeaderFields(bytes(piece.repeat(200_000 / piece.length)));
      expect(performance.now() - began).toBeLessThan(1000);
    }
  });
});
