/**
 * Attacks A8 and A9, CVE-2025-14874, GHSA-9h6g-pr28-7cqp, GHSA-v53p-9fqp-m79j, CVE-2026-26312: addresses, parameters, headers and MIME structures
 * made to be slow to read. Every parser is linear, so a megabyte costs little CPU time. The bound is far above what is needed on any
 * machine, and far below what a quadratic parser takes (minutes).
 */
import { settle, type TestServer } from '@mailverb/testing';
import { everything } from './assembly.js';

const MEGABYTE = 1_000_000;
const MOST_CPU_MS = 5_000;

const filled = (unit: string) => unit.repeat(Math.ceil(MEGABYTE / unit.length));

async function cpuOf(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  return process.cpuUsage(before).user / 1000;
}

/** The limit on command lines is what protects; without it every parser must stand for itself. */
const NO_LIMITS = {
  commandLine: 4 * MEGABYTE,
  errors: 10_000,
  headerBytes: 100 * MEGABYTE,
  headerLines: 10 * MEGABYTE,
  received: 10 * MEGABYTE,
};

describe('A8: a megabyte of', () => {
  let server: TestServer;
  beforeEach(async () => {
    server = await everything({ limits: NO_LIMITS });
  });
  afterEach(() => server.stop());

  it.each([
    ['dots in a local part', `<${filled('a.')}@example.org>`],
    ['dots', `<${filled('.')}@example.org>`],
    ['quoted pairs', `<"${filled('\\\\')}"@example.org>`],
    ['an open quoted string', `<"${filled('a b ')}`],
    ['quoted strings', `<${filled('"a".')}@example.org>`],
    ['at signs', `<${filled('@')}>`],
    ['angle brackets', filled('<')],
    ['pairs of angle brackets', filled('<>')],
    ['source routes', `<${filled('@a.example,')}:user@example.org>`],
    ['source routes without an end', `<${filled('@a.example,')}`],
    ['labels', `<user@${filled('a.')}example>`],
    ['hyphens in labels', `<user@a${filled('-')}a.example>`],
    ['an IPv6 literal', `<user@[IPv6:${filled('::')}]>`],
    ['hexadecimal groups', `<user@[IPv6:${filled('1:')}]>`],
    ['a general literal', `<user@[tag:${filled('x')}]>`],
    ['comments', `<user${filled('(')}${filled(')')}@example.org>`],
    ['spaces', `<user@example.org>${filled(' ')}`],
    ['parameters', `<user@example.org> ${filled('A=1 ')}`],
    ['the same parameter', `<user@example.org> ${filled('SIZE=1 ')}`],
    ['equals signs', `<user@example.org> A${filled('=')}`],
    ['xtext', `<user@example.org> ENVID=${filled('+2B')}`],
    ['broken xtext', `<user@example.org> ENVID=${filled('+')}`],
    ['an original recipient', `<user@example.org> ORCPT=utf-8;${filled('\\x{E9}')}`],
    ['wishes for notifications', `<user@example.org> NOTIFY=${filled('SUCCESS,')}`],
    ['UTF-8', `<${filled('é')}@example.org> SMTPUTF8`],
    ['labels to be encoded', `<user@${filled('é.')}example> SMTPUTF8`],
    ['one label to be encoded', `<user@${filled('ü')}.example> SMTPUTF8`],
    ['combining characters', `<user@${filled('\u0301')}.example> SMTPUTF8`],
  ])('%s in a path', async (_name, path) => {
    const client = server.client();
    await client.reply();
    expect(await client.commands('EHLO client.example.net')).toEqual([250]);
    const cpu = await cpuOf(async () => {
      const codes = await client.commands(`MAIL FROM:${path}`);
      if (codes[0] !== 250) expect(await client.commands('MAIL FROM:<> SMTPUTF8')).toEqual([250]);
      await client.commands(`RCPT TO:${path}`);
    });
    expect(cpu).toBeLessThan(MOST_CPU_MS);
  });

  it.each([
    ['a HELO name', `EHLO ${filled('a.')}`],
    ['an address in EHLO', `EHLO [IPv6:${filled(':')}`],
    ['digits for BDAT', `BDAT ${filled('9')} LAST`],
    ['spaces for BDAT', `BDAT 0${filled(' ')}LAST`],
    ['words for HELP', `HELP ${filled('a ')}`],
    ['a verb', filled('A')],
    ['spaces', filled(' ')],
  ])('%s', async (_name, line) => {
    const client = server.client();
    await client.reply();
    const cpu = await cpuOf(async () => {
      expect((await client.command(line)).code).toBeGreaterThanOrEqual(500);
    });
    expect(cpu).toBeLessThan(MOST_CPU_MS);
  });
});

const MESSAGES: readonly [string, string][] = [
  ['an address list', `To: ${filled('a@example.org, ')}\r\n\r\n`],
  ['nested groups', `To: ${filled('a:')}\r\n\r\n`],
  ['nested comments', `To: ${filled('(')}\r\n\r\n`],
  ['angle brackets in a header', `From: ${filled('<')}\r\n\r\n`],
  ['folded lines', `Subject: x\r\n${filled(' \r\n')}\r\n`],
  ['header fields', `${filled('A: b\r\n')}\r\n`],
  ['trace fields', `${filled('Received: from a by b; Thu, 1 Jan 2026 00:00:00 +0000\r\n')}\r\n`],
  ['header fields without colons', `${filled('A\r\n')}\r\n`],
  ['fields named __proto__', `${filled('__proto__: b\r\n')}\r\n`],
  ['a header that never ends', filled('x')],
  ['MIME parts', `Content-Type: multipart/mixed; boundary=a\r\n\r\n${filled('--a\r\n\r\n')}--a--\r\n`],
  [
    'nested MIME parts',
    `Content-Type: multipart/mixed; boundary=a\r\n\r\n${filled('--a\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n')}`,
  ],
  ['a boundary', `Content-Type: multipart/mixed; boundary=${filled('a')}\r\n\r\n--a\r\n`],
  ['encoded words', `Subject: ${filled('=?utf-8?q?=41?= ')}\r\n\r\n`],
  ['empty lines', filled('\r\n')],
  ['stuffed dots', filled('..\r\n')],
];

describe('A9: a megabyte of', () => {
  it.each(MESSAGES)('%s is delivered as it is', async (_name, text) => {
    const server = await everything({ limits: NO_LIMITS });
    const client = server.client();
    await client.untilData('sender@example.net', 'user@example.org');
    const cpu = await cpuOf(async () => {
      client.write(`${text}${text.endsWith('\r\n') ? '' : '\r\n'}.\r\n`);
      expect((await client.reply()).code).toBe(250);
    });
    expect(cpu).toBeLessThan(MOST_CPU_MS);
    expect(server.messages).toHaveLength(1);
    await server.stop();
  });

  it.each(MESSAGES)('%s in pieces of one byte, within the limits of the header', async (_name, text) => {
    const server = await everything();
    const client = server.client();
    await client.untilData('sender@example.net', 'user@example.org');
    const cpu = await cpuOf(async () => {
      for (const byte of text.slice(0, 5_000).replace(/\r$/, '')) client.write(byte);
      await settle();
      client.write('\r\n.\r\n');
      expect([250, 552, 554]).toContain((await client.reply()).code);
    });
    expect(cpu).toBeLessThan(MOST_CPU_MS);
    await server.stop();
  });
});
