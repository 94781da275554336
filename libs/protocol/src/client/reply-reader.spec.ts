import fc from 'fast-check';
import { Reply, reply } from '../reply.js';
import { ReplyReader } from './reply-reader.js';

/** All replies in a text that comes in these pieces, as strings, and the fault at the end. */
function read(...pieces: readonly string[]): readonly (string | undefined)[] {
  const reader = new ReplyReader();
  const found: (string | undefined)[] = [];
  for (const piece of pieces) {
    reader.push(piece);
    for (let next = reader.next(); next !== undefined; next = reader.next())
      found.push(`${next.code}|${next.enhanced ?? ''}|${next.lines.join('/')}`);
  }
  if (reader.fault !== undefined) found.push(reader.fault);
  return found;
}

describe('ReplyReader', () => {
  it.each<[string, readonly string[]]>([
    ['220 hi there\r\n', ['220||hi there']],
    ['250\r\n', ['250||']],
    ['250 \r\n', ['250||']],
    ['250 2.0.0 Ok\r\n', ['250|2.0.0|Ok']],
    ['250 2.0.0\r\n', ['250|2.0.0|']],
    ['550 5.1.1 no\r\n451 4.3.0 later\r\n', ['550|5.1.1|no', '451|4.3.0|later']],
    ['250-a\r\n250-SIZE 10\r\n250 HELP\r\n', ['250||a/SIZE 10/HELP']],
    ['550-5.7.1 one\r\n550 5.7.1 two\r\n', ['550|5.7.1|one/two']],
    // A code of another class is no enhanced code of this reply.
    ['250 5.1.1 odd\r\n', ['250||5.1.1 odd']],
    ['250 10.0.0.1 is welcome\r\n', ['250||10.0.0.1 is welcome']],
    ['220 lf alone\n', ['220||lf alone']],
    ['354 go\r\n250 done\r\n', ['354||go', '250||done']],
  ])('reads %j', (text, expected) => {
    expect(read(text)).toEqual(expected);
    for (let cut = 1; cut < text.length; cut++) expect(read(text.slice(0, cut), text.slice(cut))).toEqual(expected);
    expect(read(...text)).toEqual(expected);
  });

  it.each<[string, string]>([
    ['hello\r\n', 'no-code'],
    ['\r\n', 'no-code'],
    ['99 x\r\n', 'no-code'],
    ['100 x\r\n', 'no-code'],
    ['600 x\r\n', 'no-code'],
    ['250x\r\n', 'no-code'],
    ['2500 x\r\n', 'no-code'],
    ['250-a\r\nb\r\n', 'no-code'],
    ['250-a\r\n550 b\r\n', 'mixed-codes'],
    ['x'.repeat(5000), 'line-too-long'],
    [`250 ${'x'.repeat(5000)}\r\n`, 'line-too-long'],
    ['250-abcdefghi\r\n'.repeat(10_000), 'reply-too-long'],
  ])('refuses %#: %s', (text, fault) => {
    expect(read(text)).toEqual([fault]);
    // And nothing that follows is taken for a reply.
    expect(read(text, '250 ok\r\n')).toEqual([fault]);
    if (text.length < 100) expect(read(...text)).toEqual([fault]);
  });

  it('keeps little of an endless line, and of an endless reply', () => {
    const reader = new ReplyReader();
    for (let i = 0; i < 10_000; i++) {
      reader.push('250-'.padEnd(1000, 'x'));
      expect(reader.next()).toBeUndefined();
    }
    expect(reader.fault).toBe('line-too-long');
    expect(reader.buffered).toBe(false);
  });

  it('knows whether something is left', () => {
    const reader = new ReplyReader();
    expect(reader.buffered).toBe(false);
    reader.push('220 ok\r\n250');
    expect(reader.next()?.code).toBe(220);
    expect(reader.buffered).toBe(true);
    expect(reader.next()).toBeUndefined();
    reader.push('-a\r\n');
    expect(reader.next()).toBeUndefined();
    expect(reader.buffered).toBe(true);
  });

  it('reads what the server side writes', () => {
    const text = fc.stringMatching(/^[ -~]{0,600}$/);
    const code = fc.integer({ min: 200, max: 599 });
    fc.assert(
      fc.property(code, fc.array(text, { minLength: 1, maxLength: 5 }), (number, lines) => {
        const enhanced = [2, 4, 5].includes(Math.floor(number / 100)) ? `${Math.floor(number / 100)}.1.5` : undefined;
        const sent = reply(number, enhanced, ...lines);
        const reader = new ReplyReader();
        reader.push(sent.wire(true));
        const got = reader.next();
        expect(got).toBeInstanceOf(Reply);
        expect([got?.code, got?.enhanced, got?.lines.join('')]).toEqual([number, enhanced, lines.join('')]);
        expect(reader.buffered).toBe(false);
      }),
    );
  });
});
