import fc from 'fast-check';
import { MAX_REPLY_LINE, Reply, cleanText, isEnhancedCodeFor, reply } from './reply.js';

describe('reply', () => {
  it('makes a value that says what it is', () => {
    const refusal = reply(550, '5.1.1', 'no such user', 'really');
    expect(refusal).toBeInstanceOf(Reply);
    expect(refusal).toMatchObject({ code: 550, enhanced: '5.1.1', lines: ['no such user', 'really'] });
    expect(refusal.text).toBe('no such user really');
    expect(refusal.toString()).toBe('550 5.1.1 no such user really');
    expect(reply(354, undefined, 'go on').toString()).toBe('354 go on');
    expect(reply(250, undefined).lines).toEqual(['']);
  });

  it.each([
    [200, true, false, false],
    [250, true, false, false],
    [354, true, false, false],
    [399, true, false, false],
    [400, false, true, false],
    [451, false, true, false],
    [499, false, true, false],
    [500, false, false, true],
    [599, false, false, true],
  ])('%i is positive: %s, transient: %s, permanent: %s', (code, positive, transient, permanent) => {
    expect(reply(code, undefined, 'x')).toMatchObject({ positive, transient, permanent });
  });

  it.each([0, 99, 100, 199, 600, 1000, -250, 250.5, Number.NaN, Number.POSITIVE_INFINITY])('has no code %d', (code) => {
    expect(() => reply(code, undefined, 'x')).toThrow(RangeError);
  });

  it.each([
    [250, '5.0.0'],
    [550, '4.0.0'],
    [354, '2.0.0'],
    [354, '3.0.0'],
    [550, '5.0'],
    [550, '5.0.0.0'],
    [550, '5.1000.0'],
    [550, '5.0.1000'],
    [550, '5..0'],
    [550, ' 5.0.0'],
    [550, '5.0.0\r\n'],
    [550, ''],
  ])('refuses %i with %j, which is our own mistake', (code, enhanced) => {
    expect(isEnhancedCodeFor(code, enhanced)).toBe(false);
    expect(() => reply(code, enhanced, 'x')).toThrow(RangeError);
  });

  it.each([
    [250, '2.0.0'],
    [451, '4.7.1'],
    [550, '5.123.456'],
  ])('takes %i with %s (RFC 2034 4)', (code, enhanced) => {
    expect(isEnhancedCodeFor(code, enhanced)).toBe(true);
    expect(reply(code, enhanced, 'x').enhanced).toBe(enhanced);
  });
});

describe('Reply.wire', () => {
  it('writes one line', () => {
    expect(reply(250, '2.0.0', 'ok').wire(true)).toBe('250 2.0.0 ok\r\n');
    expect(reply(250, '2.0.0', 'ok').wire(false)).toBe('250 ok\r\n');
    expect(reply(354, undefined, 'go on').wire(true)).toBe('354 go on\r\n');
    expect(reply(250, undefined).wire(true)).toBe('250 \r\n');
  });

  it('writes several lines, each with its codes (RFC 2034 4)', () => {
    const refusal = reply(550, '5.7.1', 'one', 'two', 'three');
    expect(refusal.wire(true)).toBe('550-5.7.1 one\r\n550-5.7.1 two\r\n550 5.7.1 three\r\n');
    expect(refusal.wire(false)).toBe('550-one\r\n550-two\r\n550 three\r\n');
  });

  it('gives the same again, whichever form was asked for first', () => {
    const answer = reply(250, '2.1.5', 'ok');
    expect([answer.wire(false), answer.wire(true), answer.wire(false), answer.wire(true)]).toEqual([
      '250 ok\r\n',
      '250 2.1.5 ok\r\n',
      '250 ok\r\n',
      '250 2.1.5 ok\r\n',
    ]);
  });

  it('breaks a text that is too long for one line', () => {
    const text = 'x'.repeat(2000);
    const lines = reply(550, '5.0.0', text, 'end').wire(true).split('\r\n');
    expect(lines.pop()).toBe('');
    expect(lines[0]).toHaveLength(MAX_REPLY_LINE - 2);
    expect(lines.every((line) => line.length <= MAX_REPLY_LINE - 2)).toBe(true);
    expect(lines.map((line) => line.slice(10)).join('')).toBe(`${text}end`);
    expect(lines.slice(0, -1).every((line) => line.startsWith('550-5.0.0 '))).toBe(true);
    expect(lines.at(-1)).toBe('550 5.0.0 end');
  });

  it('does not break a text that just fits', () => {
    const exact = 'x'.repeat(MAX_REPLY_LINE - 2 - 4);
    expect(reply(250, undefined, exact).wire(true)).toBe(`250 ${exact}\r\n`);
    expect(reply(250, undefined, `${exact}y`).wire(true)).toBe(`250-${exact}\r\n250 y\r\n`);
  });

  it('has no text by which a reply could become two (attack A6)', () => {
    expect(reply(550, '5.1.1', 'no user a\r\n250 ok\0').wire(true)).toBe('550 5.1.1 no user a??250 ok?\r\n');
    const units = fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes));
    const line = fc.oneof(units, fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom('\r', '\n', 'a') }));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 4 }), fc.boolean(), (lines, enhanced) => {
        const wire = reply(450, '4.0.0', ...lines).wire(enhanced);
        expect(wire).toMatch(
          enhanced ? /^(450-4\.0\.0 [ -~]*\r\n)*450 4\.0\.0 [ -~]*\r\n$/ : /^(450-[ -~]*\r\n)*450 [ -~]*\r\n$/,
        );
        expect(wire.split('\r\n')).toHaveLength(Math.max(lines.length, 1) + 1);
      }),
      { numRuns: 500 },
    );
  });
});

describe('cleanText', () => {
  it.each([
    ['', ''],
    [' printable ~!', ' printable ~!'],
    ['a\r\nb', 'a??b'],
    ['\0\t\x1b[2J\x7f', '???[2J?'],
    ['jörg', 'j?rg'],
    ['😀', '?'],
    ['\ud83da\ude00', '?a?'],
    ['\u2028\u0085', '??'],
  ])('%j becomes %j', (text, clean) => {
    expect(cleanText(text)).toBe(clean);
  });
});
