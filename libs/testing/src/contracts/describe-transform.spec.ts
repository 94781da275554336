/** The contract suite of transforms finds what is wrong with a transform. */
import type { Body, Lifecycle, Transform } from '@mailverb/contract';
import { failuresOf } from './collect-failures.js';
import { describeTransform, type TransformSuite } from './describe-transform.js';

const failures = (make: () => Transform & Lifecycle, suite?: TransformSuite): Promise<readonly string[]> =>
  failuresOf(() => describeTransform('test', make, suite));

const FIELDS = expect.stringContaining('prepends complete header fields');
const SAME = expect.stringContaining('prepends the same');
const BYTES = expect.stringContaining('the same bytes');
const ABORT = expect.stringContaining('never be complete');

const prepending = (text: string): Transform => ({ prepend: () => Buffer.from(text) });

async function* upperCase(body: Body): AsyncGenerator<Uint8Array> {
  for await (const chunk of body)
    yield Buffer.from(chunk).map((byte) => (byte >= 97 && byte <= 122 ? byte - 32 : byte));
}

describe('describeTransform', () => {
  it('finds nothing wrong with good transforms', async () => {
    const good: Transform = {
      prepend: async ({ envelope }) =>
        Buffer.from(`X-Test: ${envelope.recipients.length}\r\n\tfolded\r\nX-More: 1\r\n`),
      apply: upperCase,
    };
    expect(await failures(() => good, { fields: ['x-test', 'X-More'] })).toEqual([]);
    expect(await failures(() => ({ prepend: () => undefined }))).toEqual([]);
    expect(await failures(() => ({ apply: (body) => body.held?.open() ?? body, wholeMessage: true }))).toEqual([]);
  });

  it.each<[string, Transform, unknown]>([
    ['a transform that does nothing', {}, 'prepends or applies'],
    ['no bytes', prepending(''), FIELDS],
    ['a line without its end', prepending('X-Test: 1'), FIELDS],
    ['a bare LF', prepending('X-Test: 1\n\t2\r\n'), FIELDS],
    ['a bare CR', prepending('X-Test: 1\r\t2\r\n'), FIELDS],
    ['an empty line', prepending('X-Test: 1\r\n\r\nX-More: 1\r\n'), FIELDS],
    ['a line of white space', prepending('X-Test: 1\r\n \r\n'), FIELDS],
    ['a continuation of nothing', prepending('\tX-Test: 1\r\n'), FIELDS],
    ['a line that is no field', prepending('X-Test: 1\r\nmore\r\n'), FIELDS],
    ['a line that is too long', prepending(`X-Test: ${'x'.repeat(991)}\r\n`), FIELDS],
    ['a character outside ASCII', prepending('X-Test: é\r\n'), FIELDS],
    ['bytes that are no UTF-8', { prepend: () => Buffer.from('X-Test: é\r\n', 'latin1') }, FIELDS],
    ['a control character', prepending('X-Test: \x07\r\n'), FIELDS],
    ['an injected line', { prepend: ({ session }) => Buffer.from(`X-Helo: ${session.heloName}\r\n`) }, FIELDS],
    ['chance', { prepend: () => Buffer.from(`X-Test: ${Math.random()}\r\n`) }, SAME],
    [
      'what depends on how the bytes were cut',
      {
        async *apply(body) {
          for await (const chunk of body) yield Buffer.concat([chunk, Buffer.from('.')]);
        },
      },
      BYTES,
    ],
    [
      'a line end that is cut off',
      {
        async *apply(body) {
          for await (const chunk of body) yield Buffer.from(chunk).filter((byte) => byte !== 13);
        },
      },
      BYTES,
    ],
    [
      'a view that is kept too long',
      {
        async *apply(body) {
          const kept: Uint8Array[] = [];
          for await (const chunk of body) kept.push(chunk);
          yield* kept;
        },
      },
      BYTES,
    ],
    [
      'an end where the message was cut off',
      {
        async *apply(body) {
          try {
            yield* upperCase(body);
          } catch {
            // Taken for the end.
          }
        },
      },
      ABORT,
    ],
  ])('finds %s', async (_what, transform, failed) => {
    expect(await failures(() => transform)).toContainEqual(failed);
  });

  it('finds a field that was not announced', async () => {
    expect(await failures(() => prepending('X-Other: 1\r\n'), { fields: ['X-Test'] })).toEqual([FIELDS]);
  });

  it('finds what is remembered from one message to the next', async () => {
    const make = (): Transform => {
      let count = 0;
      return { prepend: () => Buffer.from(`X-Count: ${++count}\r\n`) };
    };
    expect(await failures(make)).toEqual([SAME]);
  });

  it('starts what it tests, and stops it', async () => {
    let open = 0;
    const make = () => ({ ...prepending('X-Test: 1\r\n'), start: () => void open++, stop: () => void open-- });
    expect(await failures(make)).toEqual([]);
    expect(open).toBe(0);
  });
});
