/** Replies: whatever text they are made of, what goes onto the wire is one well-formed reply (attack A6). */
import { MAX_REPLY_LINE, cleanText, isEnhancedCodeFor, reply } from '@mailverb/protocol';
import { holds, magnitude, same, textOf, type Target } from '../engine/target.js';

/** The input is `code [enhanced]` and, from the second line on, the text; a lone LF parts the lines of the text. */
export const replyTarget: Target = {
  name: 'reply',
  holds:
    'one reply, its lines at most 512 octets of printable ASCII and CRLF, one code in all of them, and no text lost',
  tokens: [
    '250 2.0.0\n',
    '550 5.7.1\n',
    '354\n',
    '421 4.3.2\n',
    '.999.999',
    '\n',
    '\r\n250 2.0.0 ok\r\n',
    '-',
    'x'.repeat(497),
    'x'.repeat(508),
  ],
  maxLength: 3000,
  check(input) {
    const [head = '', ...lines] = textOf(input).split('\n');
    const [code = '', enhanced] = head.split(' ');
    const made = attempt(Number(code), enhanced, lines);
    if (made === undefined) return 'refused';
    let signature = '';
    for (const [enhancedCodes, prefix] of [
      [true, made.enhanced === undefined ? '' : `${made.enhanced} `],
      [false, ''],
    ] as const) {
      const wire = made.wire(enhancedCodes);
      holds(/^(?:[\x20-\x7e]*\r\n)+$/.test(wire), 'something else than lines of printable ASCII', wire);
      const pieces = wire.split('\r\n').slice(0, -1);
      pieces.forEach((piece, i) => {
        holds(piece.length + 2 <= MAX_REPLY_LINE, 'a line too long', piece.length);
        const separator = i === pieces.length - 1 ? ' ' : '-';
        holds(
          piece.startsWith(`${made.code}${separator}${prefix}`),
          'a line that does not continue the reply',
          piece,
          i,
        );
      });
      const text = pieces.map((piece) => piece.slice(4 + prefix.length)).join('');
      same('text', text, made.lines.map(cleanText).join(''));
      same('wire is made once', made.wire(enhancedCodes), wire);
      signature += `${magnitude(pieces.length)},${magnitude(wire.length)};`;
    }
    holds(!/[^\x20-\x7e]/.test(cleanText(made.text)), 'clean text is not clean');
    return `${String(made.code)[0]}${made.enhanced === undefined ? '' : 'e'}${signature}`;
  },
  parse(input) {
    const text = textOf(input);
    reply(250, '2.0.0', text).wire(true);
    reply(250, '2.0.0', ...text.split('\n')).wire(true);
  },
};

function attempt(code: number, enhanced: string | undefined, lines: readonly string[]) {
  const fits = Number.isInteger(code) && code >= 200 && code <= 599;
  const known = enhanced === undefined || /^[245]\.\d{1,3}\.\d{1,3}$/.test(enhanced);
  const belongs = enhanced === undefined || enhanced[0] === String(code)[0];
  if (enhanced !== undefined && fits) same('enhanced code', isEnhancedCodeFor(code, enhanced), known && belongs);
  try {
    const made = reply(code, enhanced, ...lines);
    holds(fits && known && belongs, 'made a reply that is none', code, enhanced);
    return made;
  } catch (error) {
    holds(error instanceof RangeError && !(fits && known && belongs), 'a reply that cannot be made', code, enhanced);
    return undefined;
  }
}
