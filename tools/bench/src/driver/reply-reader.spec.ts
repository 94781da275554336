import * as fc from 'fast-check';
import { pieces } from '../spec-support/pieces.js';
import { ReplyReader, UnexpectedReply } from './reply-reader.js';

const cuts = fc.array(fc.nat(), { maxLength: 12 });

/** Feeds pieces and says what the last feed said, and how often the first reply was announced. */
function read(text: string, codes: readonly number[], at: readonly number[] = []): { done: boolean; first: number } {
  let first = 0;
  const reader = new ReplyReader(() => first++);
  reader.expect(codes);
  let done = false;
  for (const piece of pieces(text, at)) done = reader.feed(piece, piece.length);
  return { done, first };
}

describe('ReplyReader', () => {
  const group = '250-mx.example.org\r\n250-SIZE 1000\r\n250 PIPELINING\r\n250 2.1.0 Ok\r\n354 go\r\n';

  it('counts replies, not lines, however they are cut', () => {
    fc.assert(
      fc.property(cuts, (at) => {
        expect(read(group, [250, 250, 354], at)).toEqual({ done: true, first: 1 });
      }),
    );
  });

  it('is not done before the last line of the last reply is complete', () => {
    for (let length = 0; length < group.length; length++) {
      expect(read(group.slice(0, length), [250, 250, 354]).done).toBe(false);
    }
  });

  it('reads no further than the given length: the buffer behind it is an older read', () => {
    const reader = new ReplyReader(() => {});
    reader.expect([250, 250]);
    const chunk = Buffer.from('250 ok\r\n250 ok\r\n', 'latin1');
    expect(reader.feed(chunk, 8)).toBe(false);
    expect(reader.feed(chunk, 8)).toBe(true);
  });

  it.each([
    ['another code', '250 ok\r\n450 4.3.0 later\r\n', 'expected reply 354, got: 450 4.3.0 later'],
    ['one reply too many', '250 ok\r\n354 go\r\n221 bye\r\n', 'expected no reply, got: 221 bye'],
    ['what is no reply', '250 ok\r\nok then\r\n', 'expected reply 354'],
  ])('refuses %s', (_what, text, message) => {
    expect(() => read(text, [250, 354])).toThrow(message);
    expect(() => read(text, [250, 354])).toThrow(UnexpectedReply);
  });

  it('refuses the same, however it is cut', () => {
    fc.assert(
      fc.property(cuts, (at) => {
        expect(() => read('250-a\r\n250 b\r\n550 no\r\n', [250, 250], at)).toThrow(UnexpectedReply);
      }),
    );
  });
});
