/** The header section at every split, against a model that has the whole message and takes lines apart the slow way. */
import fc from 'fast-check';
import { HeaderEditor } from './header-editor.js';

jest.setTimeout(60_000);

const ADDED = 'X-Date: 1\r\nX-Id: 2\r\n';
const octets = (text: string) => Buffer.from(text, 'latin1');

function editor(): HeaderEditor {
  return new HeaderEditor(new Set(['bcc']), (seen) => `${ADDED}X-Seen: ${[...seen].toSorted().join()}\r\n`);
}

/** What comes out for these chunks, each overwritten once what came of it has been taken. */
function edit(...chunks: readonly Uint8Array[]): string {
  const one = editor();
  let text = '';
  const take = (pieces: readonly Uint8Array[]) => {
    for (const piece of pieces) {
      expect(piece.length).toBeGreaterThan(0);
      text += Buffer.from(piece).toString('latin1');
    }
  };
  for (const chunk of chunks) {
    const memory = Uint8Array.from(chunk);
    if (one.over) text += Buffer.from(memory).toString('latin1');
    else take(one.push(memory));
    memory.fill(0x21);
  }
  take(one.end());
  return text;
}

/** The same, of the whole text. */
function model(text: string): string {
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const seen = new Set<string>();
  let out = '';
  let dropping = false;
  let fields = 0;
  let mailbox = true;
  const added = (separator: string) => `${ADDED}X-Seen: ${[...seen].toSorted().join()}\r\n${separator}`;
  for (const [index, line] of lines.entries()) {
    const rest = lines.slice(index).join('');
    if (line === '\n' || line === '\r\n') return out + added('') + rest;
    if (fields > 0 && /^[ \t]/.test(line)) {
      if (!dropping) out += line;
      continue;
    }
    const name = /^([!-9;-~]+)[ \t]*:/.exec(line)?.[1]?.toLowerCase();
    if (name === undefined && fields === 0 && !(mailbox && /^From[ \t]+[^ \t]/.test(line)))
      return out + added('\r\n') + rest;
    if (name === 'date' || name === 'message-id') seen.add(name);
    if (name !== undefined) fields += 1;
    mailbox = fields === 0;
    dropping = name === 'bcc';
    if (!dropping) out += line;
  }
  const whole = out === '' || out.endsWith('\n');
  return out + (whole ? '' : '\r\n') + added('');
}

/** Added fields where both are missing. */
const both = `${ADDED}X-Seen: \r\n`;

describe('HeaderEditor', () => {
  it.each([
    ['adds at the end of the section', 'A: 1\r\n\r\nbody', `A: 1\r\n${both}\r\nbody`],
    [
      'knows fields in any case',
      'dAtE: x\r\nMESSAGE-id: y\r\n\r\n',
      `dAtE: x\r\nMESSAGE-id: y\r\n${ADDED}X-Seen: date,message-id\r\n\r\n`,
    ],
    ['knows fields with spaces before the colon', 'Date \t: x\r\n\r\n', `Date \t: x\r\n${ADDED}X-Seen: date\r\n\r\n`],
    ['looks at nothing of the body', 'A: 1\r\n\r\nBcc: x\r\nDate: y\r\n', `A: 1\r\n${both}\r\nBcc: x\r\nDate: y\r\n`],
    [
      'takes out a field with its lines',
      'A: 1\r\nBcc: x,\r\n\ty,\r\n z\r\nC: 2\r\n d\r\n\r\n',
      `A: 1\r\nC: 2\r\n d\r\n${both}\r\n`,
    ],
    [
      'takes out the first, the last, and all of them',
      'Bcc: x\r\nA: 1\r\nbCC : y\r\nBcc:\r\n\r\n',
      `A: 1\r\n${both}\r\n`,
    ],
    [
      'takes out no other',
      'Bccx: 1\r\nX-Bcc: 2\r\nBc: 3\r\n Bcc: 4\r\n\r\n',
      `Bccx: 1\r\nX-Bcc: 2\r\nBc: 3\r\n Bcc: 4\r\n${both}\r\n`,
    ],
    ['a message that is nothing but Bcc', 'Bcc: x\r\n', both],
    ['a header without a body', 'A: 1\r\n', `A: 1\r\n${both}`],
    ['a header that ends within a line', 'A: 1', `A: 1\r\n${both}`],
    ['a header that ends within a name', 'A: 1\r\nB', `A: 1\r\nB\r\n${both}`],
    ['a header that ends within what is taken out', 'A: 1\r\nBcc: x', `A: 1\r\n${both}`],
    ['a body without a header', '\r\nbody', `${both}\r\nbody`],
    ['nothing', '', both],
    ['a first line that is no field', 'hello there\r\nBcc: x\r\n', `${both}\r\nhello there\r\nBcc: x\r\n`],
    ['a first line that goes on from nothing', ' A: 1\r\n\r\n', `${both}\r\n A: 1\r\n\r\n`],
    ['a first line without an end', 'hello', `${both}\r\nhello`],
    ['a first line without a name', ': x\r\n', `${both}\r\n: x\r\n`],
    ['a later line that is no field', 'A: 1\r\nhello there\r\nBcc: x\r\n\r\n', `A: 1\r\nhello there\r\n${both}\r\n`],
    ['a line of spaces, which goes on', 'Bcc: x\r\n \r\n y\r\n\r\n', `${both}\r\n`],
    ["a mailbox file's first line", 'From ann Fri\r\nBcc: x\r\n\r\n', `From ann Fri\r\n${both}\r\n`],
    ['line breaks of LF alone', 'A: 1\nBcc: x\n y\n\nbody\n', `A: 1\n${both}\nbody\n`],
    ['a lone CR', 'A: 1\r\n\rBcc: x\r\n\r\n', `A: 1\r\n\rBcc: x\r\n${both}\r\n`],
    ['a name in UTF-8', 'A: 1\r\nB\xc3\xa4: x\r\n\r\n', `A: 1\r\nB\xc3\xa4: x\r\n${both}\r\n`],
  ])('%s', (_name, text, expected) => {
    expect(edit(octets(text))).toBe(expected);
    expect(model(text)).toBe(expected);
    expect(edit(...Array.from(octets(text), (octet) => Uint8Array.of(octet)))).toBe(expected);
    for (let at = 0; at <= text.length; at++) {
      expect(edit(octets(text.slice(0, at)), octets(text.slice(at)))).toBe(expected);
    }
  });

  it('gives the same at every split, as the model says', () => {
    const words = [
      'Bcc',
      'bcc ',
      'Date',
      'Message-ID',
      'Subject',
      'From ',
      'x',
      ':',
      ': x',
      ' ',
      '\t',
      '\r',
      '\n',
      '\xe9',
    ];
    const breaks = ['\r\n', '\r\n', '\r\n ', '\r\nBcc: y\r\n', '\r\n\r\n'];
    const piece = fc.constantFrom(...words, ...breaks);
    const text = fc.array(piece, { maxLength: 24 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(text, fc.array(fc.nat(60), { maxLength: 6 }), (message, cuts) => {
        const at = [0, ...cuts.filter((cut) => cut < message.length).toSorted((a, b) => a - b), message.length];
        const chunks = at.slice(1).map((end, index) => octets(message.slice(at[index], end)));
        expect(edit(...chunks)).toBe(model(message));
      }),
      { numRuns: 5000 },
    );
  });

  it('holds no more than one line, however long it is', () => {
    const one = editor();
    const first = octets(`A: 1\r\n${'x'.repeat(900)}`);
    expect(Buffer.concat(one.push(first)).toString('latin1')).toBe('A: 1\r\n');
    // Past the longest line it is no name any more, and passes on.
    const passed = Buffer.concat(one.push(octets('x'.repeat(200_000))));
    expect(passed).toHaveLength(200_900);
  });

  it('passes chunks on as views, not as copies', () => {
    const chunk = octets(`A: 1\r\nB: 2\r\n\r\n${'x'.repeat(1000)}`);
    const pieces = editor().push(chunk);
    expect(pieces).toHaveLength(3);
    expect(pieces[0]?.buffer).toBe(chunk.buffer);
    expect(pieces[2]?.buffer).toBe(chunk.buffer);
  });
});
