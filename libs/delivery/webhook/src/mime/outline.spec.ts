/** Messages taken apart: what is text and what is not, names that are safe, limits (attacks A6, A8, A9, A10, A12), contents at every cut. */
import { heldBytes } from '@mailverb/body';
import type { HeldMessage } from '@mailverb/contract';
import { bodyOf } from '@mailverb/body';
import fc from 'fast-check';
import { attachmentsOf, cleanFilename, headerOf, outlineOf, type Outline, type OutlineLimits } from './outline.js';

const LIMITS: OutlineLimits = { maxParts: 50, maxDepth: 5, maxHeaderSize: 64 * 1024, maxTextSize: 10_000 };
const never = new AbortController().signal;

const held = (text: string, encoding: BufferEncoding = 'utf8'): HeldMessage => heldBytes(Buffer.from(text, encoding));

const outline = (text: string, limits: Partial<OutlineLimits> = {}): Promise<Outline> =>
  outlineOf(held(text), { ...LIMITS, ...limits }, never);

async function contents(message: HeldMessage, of: Outline): Promise<string[]> {
  const out: Uint8Array[][] = [];
  for await (const event of attachmentsOf(message, of, LIMITS, never)) {
    if (event.kind === 'begin') out.push([]);
    if (event.kind === 'content') out.at(-1)?.push(event.bytes);
  }
  return out.map((chunks) => Buffer.concat(chunks).toString('latin1'));
}

const lines = (...all: string[]): string => all.join('\r\n');

const MIXED = lines(
  'From: =?utf-8?Q?J=C3=B6rg?= <joerg@example.net>',
  'To: "Ann, A." <ann@example.org>, team: bob@example.org, <carol@example.org>;',
  'Subject: =?utf-8?B?R3LDvMOfZQ==?=',
  ' =?utf-8?Q?_aus?= Wien',
  'Date: Wed, 1 Jul 2026 10:00:00 +0200',
  'Content-Type: multipart/mixed; boundary=outer',
  '',
  'preamble',
  '--outer',
  'Content-Type: multipart/alternative; boundary="in ner"',
  '',
  '--in ner',
  'Content-Type: text/plain; charset=iso-8859-1',
  'Content-Transfer-Encoding: quoted-printable',
  '',
  'Gr=FC=DFe,',
  'Ann',
  '--in ner',
  'Content-Type: text/html; charset=utf-8',
  '',
  '<p>Grüße</p>',
  '--in ner--',
  '--outer',
  'Content-Type: application/pdf',
  "Content-Disposition: attachment; filename*=utf-8''r%C3%A9sum%C3%A9.pdf",
  'Content-Transfer-Encoding: base64',
  '',
  'aGVs',
  'bG8=',
  '--outer',
  'Content-Type: image/png; name="logo.png"',
  'Content-Disposition: inline',
  'Content-ID: <logo@example.net>',
  '',
  'PNG',
  '--outer',
  'Content-Type: message/rfc822',
  '',
  'Subject: inside',
  '',
  'body',
  '--outer',
  'Content-Type: text/plain',
  '',
  'a footer',
  '--outer--',
  'epilogue',
);

describe('an outline', () => {
  it('has header, texts and attachments', async () => {
    const { header, text, html, attachments, problem } = await outline(MIXED);
    expect(header.subject).toBe('Grüße aus Wien');
    expect(header.from).toEqual([{ name: 'Jörg', address: 'joerg@example.net' }]);
    expect(header.to.map(({ address }) => address)).toEqual([
      'ann@example.org',
      'bob@example.org',
      'carol@example.org',
    ]);
    expect(header.to[0]?.name).toBe('Ann, A.');
    expect(header.fields.map(({ name }) => name)).toEqual(['From', 'To', 'Subject', 'Date', 'Content-Type']);
    expect(header.fields[2]?.value).toBe('=?utf-8?B?R3LDvMOfZQ==?= =?utf-8?Q?_aus?= Wien');
    expect([text, html, problem]).toEqual(['Grüße,\nAnn\na footer', '<p>Grüße</p>', undefined]);
    expect(attachments).toEqual([
      { filename: 'résumé.pdf', contentType: 'application/pdf', inline: false, contentId: undefined, size: 5 },
      { filename: 'logo.png', contentType: 'image/png', inline: true, contentId: 'logo@example.net', size: 3 },
      { filename: undefined, contentType: 'message/rfc822', inline: false, contentId: undefined, size: 23 },
    ]);
  });

  it('has contents, the same at every cut', async () => {
    const bytes = Buffer.from(MIXED);
    const whole = await outline(MIXED);
    const expected = ['hello', 'PNG', 'Subject: inside\r\n\r\nbody'];
    expect(await contents(heldBytes(bytes), whole)).toEqual(expected);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 5 }), async (sizes) => {
        const message: HeldMessage = { size: bytes.length, open: () => bodyOf(cut(bytes, sizes)) };
        const again = await outlineOf(message, LIMITS, never);
        expect(again).toEqual(whole);
        expect(await contents(message, again)).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    ['no header', '\r\nhello', 'hello'],
    ['no body', 'Subject: x\r\n', ''],
    ['nothing', '', ''],
    ['a charset that nobody knows', 'Content-Type: text/plain; charset=x-none\r\n\r\nhello', 'hello'],
    ['UTF-7, which is not decoded', 'Content-Type: text/plain; charset=utf-7\r\n\r\n+ADw-b', '+ADw-b'],
  ])('is there for %s', async (_what, message, text) => {
    expect(await outline(message)).toMatchObject({ text, html: undefined, attachments: [], problem: undefined });
  });

  it('takes text with a name for an attachment, and text that is longer than it keeps', async () => {
    const named = await outline('Content-Disposition: inline; filename=notes.txt\r\n\r\nhello');
    expect(named).toMatchObject({ text: undefined, attachments: [{ filename: 'notes.txt', size: 5, inline: true }] });
    const long = 'x'.repeat(LIMITS.maxTextSize + 1);
    const { text, attachments } = await outline(`Subject: x\r\n\r\n${long}`);
    expect(text).toBeUndefined();
    expect(attachments).toMatchObject([{ contentType: 'text/plain', size: long.length }]);
    expect((await outline(`Subject: x\r\n\r\n${long.slice(1)}`)).text).toBe(long.slice(1));
  });

  it('counts all texts of a message together', async () => {
    const part = `--b\r\n\r\n${'y'.repeat(6000)}\r\n`;
    const { text, attachments } = await outline(
      `Content-Type: multipart/mixed; boundary=b\r\n\r\n${part}${part}--b--\r\n`,
    );
    expect([text?.length, attachments.length]).toEqual([6000, 1]);
  });
});

describe('names', () => {
  it.each([
    ['../../etc/passwd', 'passwd'],
    ['C:\\temp\\x.exe', 'x.exe'],
    ['a\r\nContent-Type: text/html\0.txt', 'html.txt'],
    ['cv\u202etxt.exe', 'cvtxt.exe'],
    ['..', undefined],
    ['/', undefined],
    ['\u0007', undefined],
    ['résumé "x".pdf', 'résumé "x".pdf'],
  ])('of files are one line and no path (attack A12): %j', (name, expected) =>
    expect(cleanFilename(name)).toBe(expected),
  );

  it('of files keep their end when they are cut', () => {
    const name = cleanFilename(`${'a'.repeat(1000)}.tar.gz`) ?? '';
    expect(name).toHaveLength(255);
    expect(name.endsWith('.tar.gz')).toBe(true);
  });

  it.each([
    ['text/html\x0bx: y', 'application/octet-stream'],
    ['text', 'application/octet-stream'],
    ['APPLICATION/X-Thing; a=b', 'application/x-thing'],
    [`a/${'b'.repeat(500)}`, 'application/octet-stream'],
  ])('of types are types (attack A6): %j', async (type, expected) => {
    const { attachments } = await outline(`Content-Type: ${type}\r\nContent-Disposition: attachment\r\n\r\nx`);
    expect(attachments[0]?.contentType).toBe(expected);
  });

  it('in a header can not end its line, even encoded', async () => {
    const { header } = await outline('From: =?utf-8?B?YQ0KQmNjOiBi?= <c@example.org>\r\n\r\nx');
    expect(header.from).toEqual([{ name: 'a  Bcc: b', address: 'c@example.org' }]);
  });

  it('of fields are data (attack A10)', async () => {
    const { header } = await outline('__proto__: x\r\nconstructor: y\r\n\r\nz');
    expect(header.fields).toEqual([
      { name: '__proto__', value: 'x' },
      { name: 'constructor', value: 'y' },
    ]);
  });
});

describe('limits (attack A9)', () => {
  const parts = (n: number): string =>
    `Subject: s\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n\r\nx\r\n'.repeat(n)}--b--\r\n`;
  const nested = (n: number): string => {
    let text = 'Subject: s\r\n';
    for (let i = 0; i < n; i++) text += `Content-Type: multipart/mixed; boundary=b${i}\r\n\r\n--b${i}\r\n`;
    return `${text}\r\nx\r\n`;
  };

  it.each([
    ['parts', parts(50), 'maxParts'],
    ['many parts', parts(100_000), 'maxParts'],
    ['depth', nested(6), 'maxDepth'],
    ['great depth', nested(5000), 'maxDepth'],
    ['a header', `Subject: s\r\nX: ${'x'.repeat(70_000)}\r\n\r\nx`, 'maxHeaderSize'],
    [
      'headers of parts',
      `Subject: s\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${`--b\r\nX: ${'x'.repeat(9000)}\r\n\r\nx\r\n`.repeat(9)}`,
      'maxHeaderSize',
    ],
    [
      'a multipart without parts',
      'Subject: s\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\nhidden\r\n',
      'without parts',
    ],
    [
      'a multipart without a boundary',
      'Subject: s\r\nContent-Type: multipart/mixed\r\n\r\nhidden\r\n',
      'without parts',
    ],
  ])('of %s', async (_what, message, problem) => {
    const { problem: found, attachments, text } = await outline(message);
    expect(found).toContain(problem);
    expect([attachments, text]).toEqual([[], undefined]);
  });

  it('are no limits on what is within', async () => {
    expect((await outline(parts(49))).problem).toBeUndefined();
    expect((await outline(nested(5))).problem).toBeUndefined();
  });

  it('leave the header, where it could be read', async () => {
    expect((await outline(parts(50))).header.subject).toBe('s');
    expect((await headerOf(held(parts(100_000)), LIMITS, never)).subject).toBe('s');
    expect((await headerOf(held(`X: ${'x'.repeat(70_000)}\r\n\r\n`), LIMITS, never)).fields).toEqual([]);
  });
});

describe('time (attack A8)', () => {
  const long = 512 * 1024 - 1000;
  const repeated = (text: string): string => text.repeat(Math.ceil(long / text.length)).slice(0, long);
  const HOSTILE: readonly (readonly [string, string])[] = [
    ...[
      '=?utf-8?q?a?=',
      '=?',
      '(',
      '<',
      '"',
      '\\',
      ',',
      'a@b.c, ',
      'a:b;',
      '"x y" <a@b.c>, ',
      '=?utf-8?b?YQ==?= ',
      ' ',
    ].flatMap((text) => [
      [`From ${text}`, `From: ${repeated(text)}\r\n\r\nx`] as const,
      [`Subject ${text}`, `Subject: ${repeated(text)}\r\n\r\nx`] as const,
      [`Content-Type ${text}`, `Content-Type: text/plain; name=${repeated(text)}\r\n\r\nx`] as const,
      [
        `Content-Disposition ${text}`,
        `Content-Disposition: attachment; filename="${repeated(text)}"\r\n\r\nx`,
      ] as const,
    ]),
    ['parameters', `Content-Type: text/plain; ${repeated('a=b; ')}\r\n\r\nx`],
    [
      'continued parameters',
      `Content-Type: text/plain; ${Array.from({ length: 30_000 }, (_, i) => `name*${i}*=%41`).join('; ')}\r\n\r\nx`,
    ],
    ['fields', `${'a:\r\n'.repeat(7000)}\r\nx`],
    ['folds', `Subject: ${'\r\n x'.repeat(100_000)}\r\n\r\nx`],
    [
      'lines that look like boundaries',
      `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n${'--b-\r\n'.repeat(300_000)}`,
    ],
    ['a line without end', `Subject: x\r\n\r\n${'x'.repeat(5_000_000)}`],
    ['line ends', `Subject: x\r\n\r\n${'\r\n'.repeat(2_000_000)}`],
    ['white space', `Content-Transfer-Encoding: quoted-printable\r\n\r\n${' '.repeat(5_000_000)}`],
  ];

  it.each(HOSTILE)('is not lost on %s', async (_what, message) => {
    const bytes = held(message);
    let longest = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    const limits = { ...LIMITS, maxHeaderSize: 512 * 1024, maxTextSize: 1024 * 1024 };
    try {
      await outlineOf(bytes, limits, never);
    } finally {
      clearInterval(timer);
    }
    // Generous, for a machine that is busy: what is quadratic takes minutes.
    expect(Math.max(longest, performance.now() - last)).toBeLessThan(500);
  });
});

it('stops when it is told to', async () => {
  const abort = new AbortController();
  const message: HeldMessage = { size: 10, open: () => bodyOf(silent(() => abort.abort(new Error('enough')))) };
  await expect(outlineOf(message, LIMITS, abort.signal)).rejects.toThrow('enough');
});

it('fails as the message fails', async () => {
  const message: HeldMessage = { size: 10, open: () => bodyOf(broken()) };
  await expect(outlineOf(message, LIMITS, never)).rejects.toThrow('no file');
});

function* cut(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function* silent(then: () => void): AsyncGenerator<Uint8Array> {
  yield Buffer.from('Subject: x\r\n\r\n');
  setImmediate(then);
  await new Promise(() => undefined);
}

async function* broken(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('Subject: x\r\n\r\n');
  throw new Error('no file');
}
