/** What was sent is what is delivered, byte for byte: DATA, BDAT, and what stands above it. */
import { settle, type DeliveredMessage } from '@mailverb/testing';
import { everything, withPolicies } from './assembly.js';
import { OUR_RECIPIENTS } from './plugins.js';

const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
const plugins = withPolicies(OUR_RECIPIENTS);

/** Sends mail data as it stands, cut into pieces of this size; the message. */
async function byData(wire: Buffer, pieces = wire.length): Promise<DeliveredMessage> {
  const server = await everything({ plugins });
  const client = server.client();
  await client.untilData('sender@example.net', 'user@example.org');
  for (let at = 0; at < wire.length; at += Math.max(1, pieces)) {
    client.write(wire.subarray(at, at + pieces));
    await settle(1);
  }
  expect(await client.command('.')).toMatchObject({ code: 250 });
  const message = await server.next();
  await server.stop();
  return message;
}

/** Sends a message in chunks of these sizes, the rest in the last. */
async function byChunks(bytes: Buffer, sizes: readonly number[], parameter: string): Promise<Buffer> {
  const server = await everything({ plugins });
  const client = server.client();
  await client.reply();
  expect(
    await client.commands('EHLO c', `MAIL FROM:<a@example.net>${parameter}`, 'RCPT TO:<user@example.org>'),
  ).toEqual([250, 250, 250]);
  let at = 0;
  for (const size of sizes) {
    client.write(Buffer.concat([Buffer.from(`BDAT ${size}\r\n`), bytes.subarray(at, at + size)]));
    expect((await client.reply()).code).toBe(250);
    at += size;
  }
  client.write(Buffer.concat([Buffer.from(`BDAT ${bytes.length - at} LAST\r\n`), bytes.subarray(at)]));
  expect((await client.reply()).code).toBe(250);
  const message = await server.next();
  await server.stop();
  return message.bytes;
}

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const NO_NEWLINES = Buffer.from(ALL_BYTES.filter((byte) => byte !== 13 && byte !== 10));

describe('DATA', () => {
  it.each([
    ['nothing', '', ''],
    ['one line', 'x\r\n', 'x\r\n'],
    ['empty lines', '\r\n\r\n\r\n', '\r\n\r\n\r\n'],
    ['a stuffed dot', '..\r\n', '.\r\n'],
    ['a stuffed line', '..x\r\n', '.x\r\n'],
    ['a line that should have been stuffed', '.x\r\n', 'x\r\n'],
    ['two dots', '...\r\n', '..\r\n'],
    ['dots in a line', 'a.b..\r\n.c\r\n', 'a.b..\r\nc\r\n'],
    ['a dot behind an empty line', '\r\n..\r\n', '\r\n.\r\n'],
    ['stuffed lines in a row', '..\r\n..\r\n..\r\n', '.\r\n.\r\n.\r\n'],
    ['spaces at the ends of lines', 'a \r\n b\r\n\t\r\n', 'a \r\n b\r\n\t\r\n'],
    ['every byte but CR and LF', `${NO_NEWLINES.toString('latin1')}\r\n`, `${NO_NEWLINES.toString('latin1')}\r\n`],
    ['a long line', `${'x'.repeat(100_000)}\r\n`, `${'x'.repeat(100_000)}\r\n`],
  ])('%s', async (_name, sent, expected) => {
    const wire = latin1(sent);
    expect((await byData(wire)).bytes).toEqual(latin1(expected));
    if (wire.length > 1000) return;
    for (const pieces of [1, 2, 3]) expect((await byData(wire, pieces)).bytes).toEqual(latin1(expected));
  });

  it('a large message, in pieces of odd sizes', async () => {
    const lines = Array.from({ length: 20_000 }, (_, i) =>
      i === 0 ? '\r\n' : `${'.'.repeat(i % 4)}line ${i} ${'x'.repeat(i % 97)}\r\n`,
    );
    const wire = Buffer.from(lines.map((line) => (line.startsWith('.') ? `.${line}` : line)).join(''));
    expect((await byData(wire, 8191)).bytes.equals(Buffer.from(lines.join('')))).toBe(true);
  });
});

/** How a message is cut into chunks; what is left over is the last. */
interface Cut {
  readonly name: string;
  readonly sizes: readonly number[];
}

const CUTS: readonly Cut[] = [
  { name: 'one chunk', sizes: [] },
  { name: 'two chunks', sizes: [1] },
  { name: 'chunks of nothing', sizes: [0, 0] },
  { name: 'four chunks', sizes: [100, 1, 100] },
  // More than the limit on commands that lead to nothing: these lead to a message.
  { name: 'chunks of one byte', sizes: Array.from({ length: 255 }, () => 1) },
];

const TEXT_CUTS: readonly Cut[] = [
  { name: 'one chunk', sizes: [] },
  { name: 'chunks of one byte', sizes: [1, 1, 1, 1, 1, 1, 1, 1] },
  { name: 'three chunks', sizes: [3, 2] },
];

describe('BDAT', () => {
  it.each(CUTS)('of BINARYMIME: every byte, in $name', async ({ sizes }) => {
    const bytes = Buffer.concat([ALL_BYTES, latin1('\r\n.\r\n\n.\n\r.\r')]);
    expect(await byChunks(bytes, sizes, ' BODY=BINARYMIME')).toEqual(bytes);
  });

  it.each(TEXT_CUTS)('of text: dots are dots, in $name', async ({ sizes }) => {
    const bytes = latin1('.\r\n..\r\n\r\n.x\r\nend');
    expect(await byChunks(bytes, sizes, '')).toEqual(bytes);
  });
});

describe('the envelope', () => {
  it('has what the client said, understood', async () => {
    const server = await everything();
    const client = server.client();
    await client.reply();
    const lines = [
      'EHLO client.example.net',
      'MAIL FROM:<"a b"@EXAMPLE.net> SIZE=12 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+20b',
      'RCPT TO:<User@Example.ORG> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;x+2By@example.org',
      'RCPT TO:<nobody@elsewhere.example>',
      'RCPT TO:<@relay.example:用户@example.org> NOTIFY=NEVER',
      'DATA',
      '.',
    ];
    expect(await client.commands(...lines)).toEqual([250, 250, 250, 550, 250, 354, 250]);
    const { envelope, from, to } = await server.next();
    expect({ from, to }).toEqual({ from: '"a b"@example.net', to: ['User@example.org', '用户@example.org'] });
    expect(envelope.parameters).toMatchObject({
      SIZE: 12,
      BODY: '8BITMIME',
      SMTPUTF8: true,
      RET: 'HDRS',
      ENVID: 'a b',
    });
    expect(envelope.recipients.map(({ parameters }) => ({ ...parameters }))).toEqual([
      { NOTIFY: new Set(['success', 'failure']), ORCPT: { type: 'rfc822', address: 'x+y@example.org' } },
      { NOTIFY: 'never' },
    ]);
    await server.stop();
  });

  it('is forgotten between transactions', async () => {
    const server = await everything();
    const client = server.client();
    await client.reply();
    const first = [
      'EHLO c',
      'MAIL FROM:<a@example.net> SMTPUTF8',
      'RCPT TO:<one@example.org> NOTIFY=NEVER',
      'DATA',
      '.',
    ];
    expect(await client.commands(...first)).toEqual([250, 250, 250, 354, 250]);
    expect(await client.commands('MAIL FROM:<>', 'RCPT TO:<two@example.org>', 'RSET')).toEqual([250, 250, 250]);
    expect(await client.commands('MAIL FROM:<b@example.net>', 'RCPT TO:<three@example.org>', 'DATA', '.')).toEqual([
      250, 250, 354, 250,
    ]);
    const [one, three, ...others] = server.messages;
    expect(others).toEqual([]);
    expect(one?.to).toEqual(['one@example.org']);
    expect(three).toMatchObject({ from: 'b@example.net', to: ['three@example.org'] });
    expect({ ...three?.envelope.parameters }).toEqual({});
    expect(three?.id).not.toBe(one?.id);
    await server.stop();
  });

  it('stands in the trace field above the message', async () => {
    const server = await everything();
    const client = server.client();
    await client.untilData('sender@example.net', 'user@example.org');
    client.write('Subject: x\r\n\r\nhello\r\n');
    await client.command('.');
    const { text, id } = await server.next();
    const field = text.slice(0, text.indexOf('\r\nSubject: x\r\n\r\nhello\r\n'));
    expect(field).toMatch(/^Received: from client\.example\.net \(\[192\.0\.2\.1\]\)\r\n/);
    expect(field).toContain('by mx.example.org');
    expect(field).toContain('with ESMTP');
    expect(field).toContain(id);
    expect(
      field
        .split('\r\n')
        .slice(1)
        .every((line) => /^[ \t]/.test(line)),
    ).toBe(true);
    await server.stop();
  });
});
