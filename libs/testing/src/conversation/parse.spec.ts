import { escapeBytes, unescapeBytes } from './raw.js';
import { matchesGlob } from './glob.js';
import { parseConversation } from './parse.js';

const bytes = (text: string) => {
  const [step] = parseConversation(text).steps;
  return step?.type === 'send' ? step.bytes.toString('latin1') : undefined;
};

describe('parseConversation', () => {
  it('reads every kind of line, with its number', () => {
    const read = parseConversation(
      [
        '# a comment',
        '@ limits.errors 3',
        '@ limits.textLine 1KiB',
        '@ bareNewlines normalize',
        '',
        'S: 220 *',
        'C: NOOP',
        'C< X\\r\\n',
        'S:* 2 250 ok',
        'S:+ 250 *',
        'T: 5m',
        'C! close',
        'S! closed',
      ].join('\n'),
      'x.smtp',
    );
    expect(read).toEqual({
      name: 'x.smtp',
      settings: { limits: { errors: 3, textLine: '1KiB' }, bareNewlines: 'normalize' },
      runs: ['whole', 'bytes', 'random', 'tcp'],
      steps: [
        { type: 'expect', line: 6, text: '220 *' },
        { type: 'send', line: 7, bytes: Buffer.from('NOOP\r\n') },
        { type: 'send', line: 8, bytes: Buffer.from('X\r\n') },
        { type: 'expect', line: 9, text: '250 ok' },
        { type: 'expect', line: 9, text: '250 ok' },
        { type: 'expect-reply', line: 10, text: '250 *' },
        { type: 'advance', line: 11, ms: 300_000 },
        { type: 'close', line: 12 },
        { type: 'closed', line: 13 },
      ],
    });
  });

  it.each([
    ['C: NOOP', 'NOOP\r\n'],
    ['C:', '\r\n'],
    ['C:  two spaces ', ' two spaces \r\n'],
    ['C: \\r is two characters', '\\r is two characters\r\n'],
    ['C: é', 'Ã©\r\n'],
    ['C< \\0\\t\\\\\\x7f\\xFFé', '\0\t\\\x7f\xffÃ©'],
    ['C<* 3 ab\\n', 'ab\nab\nab\n'],
    ['C:* 2 NOOP', 'NOOP\r\nNOOP\r\n'],
    ['C: NOOP\r', 'NOOP\r\n'],
  ])('%j sends %j', (line, expected) => expect(bytes(line)).toBe(expected));

  it('reads which runs a file allows', () => {
    expect(parseConversation('@ run whole, tcp\nC: x').runs).toEqual(['whole', 'tcp']);
  });

  it('reads JSON values of settings, and keeps other text', () => {
    const { settings } = parseConversation('@ a ["x", 1]\n@ b "5"\n@ c true\n@ d 5m\nC: x');
    expect(settings).toEqual({ a: ['x', 1], b: '5', c: true, d: '5m' });
  });

  it.each([
    ['C: a\nX: b', 'x:2: a line begins with'],
    ['C: a\n  C: b', 'x:2: a line begins with'],
    ['C:NOOP', 'x:1: a line begins with'],
    ['\n\nC< \\q', 'x:3: no such escape: \\q'],
    ['C< \\x4', 'x:1: no such escape: \\x'],
    ['C< ', 'x:1: nothing to send'],
    ['S:+ all', 'x:1: after S:+ stands'],
    ['C:* many NOOP', 'x:1: expected how often'],
    ['C:* 0 NOOP', 'x:1: expected how often'],
    ['T: 5', 'x:1: expected a duration'],
    ['S! gone', 'x:1: after S! only "closed"'],
    ['C! gone', 'x:1: after C! only'],
    ['C: x\n@ a 1', 'x:2: settings stand above'],
    ['@ a\nC: x', 'x:1: expected a name'],
    ['@ __proto__.x 1\nC: x', 'x:1: expected a name'],
    ['@ a 1\n@ a 2\nC: x', 'x:2: a was set before'],
    ['@ a 1\n@ a.b 2\nC: x', 'x:2: a was set before'],
    ['@ run slow\nC: x', 'x:1: after "run"'],
    ['S! closed\nC: x', 'x:2: nothing can come'],
    ['C! reset\nS: x', 'x:2: nothing can come'],
    ['C! close\nC: x', 'x:2: the client has closed'],
    ['# nothing', 'x:1: a conversation without a line'],
  ])('%j is an error with its line', (text, message) => {
    expect(() => parseConversation(text, 'x')).toThrow(message);
  });

  it('does not take names of Object.prototype for settings that were set', () => {
    expect(parseConversation('@ constructor.toString 1\nC: x').settings).toEqual({ constructor: { toString: 1 } });
  });
});

describe('escapes', () => {
  it('come back as they were, for every byte', () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    expect(unescapeBytes(escapeBytes(all, 256))).toEqual(all);
  });

  it('are cut short in the middle', () => {
    expect(escapeBytes(Buffer.from('abcdefghij'), 4)).toBe('ab … 6 more … ij');
  });
});

describe('matchesGlob', () => {
  it.each([
    ['250 ok', '250 ok', true],
    ['250 ok', '250 ok.', false],
    ['250 *', '250 anything', true],
    ['250 *', '250 ', true],
    ['250 *', '250-', false],
    ['*', '', true],
    ['a*a', 'a', false],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['*b', 'abab', true],
    ['(.)*', '(x)', false],
  ])('%j against %j: %j', (pattern, text, expected) => expect(matchesGlob(pattern, text)).toBe(expected));
});
