/** Mail that other people's programs send arrives byte for byte in the Maildir, behind the two fields that the server adds. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, ROOT } from './folder';
import { names, stored, trace } from './maildir';
import { AWKWARD, UNFINISHED, type Awkward } from './messages';
import { peer, succeed } from './program';
import { LISTENERS, MailServer } from './server';

/** What the first start without a configuration uses too. */
const CONFIGURATION = {
  hostname: 'mx.example.org',
  logger: { use: 'pino', level: 'warn' },
  policies: [{ use: 'recipients', domains: ['example.org'] }],
  delivery: { use: 'maildir', path: './mail', transforms: ['return-path'] },
  listeners: LISTENERS,
};

const FROM = 'me@example.net';
const TO = 'you@example.org';

interface Place {
  readonly server: MailServer;
  readonly path: string;
  readonly maildir: string;
}

async function place(): Promise<Place> {
  const path = folder();
  return { server: await MailServer.start(path, CONFIGURATION), path, maildir: join(path, 'mail') };
}

/** Writes messages to files and gives their names. */
function files(path: string, messages: readonly Awkward[], form = (bytes: Buffer): Buffer => bytes): readonly string[] {
  return messages.map(({ bytes }, n) => {
    const file = join(path, `message-${n}`);
    writeFileSync(file, form(bytes));
    return file;
  });
}

/** Every message is there once, in full, with the trace fields before it and nothing else; and the server did not complain. */
function expectArrived({ server, maildir }: Place, messages: readonly Buffer[], client: RegExp): void {
  const traced = stored(maildir).map(trace);
  for (const { returnPath, received } of traced) {
    expect(returnPath).toBe(`Return-Path: <${FROM}>\r\n`);
    expect(received).toMatch(client);
    expect(received).toContain('by mx.example.org');
  }
  // As text, a difference can be read in the report; latin1 keeps every octet.
  const text = (bytes: Buffer): string => bytes.toString('latin1');
  expect(traced.map(({ message }) => text(message)).sort()).toEqual(messages.map(text).sort());
  expect(names(maildir, 'tmp')).toEqual([]);
  expect(server.logged()).toBe('');
}

/** What smtp-source makes of `-l 2000`: 24 numbered lines of 80 octets, CRLF included, and 80 octets more. */
const SOURCE_BODY = `${Array.from({ length: 24 }, (_, n) => `${(n + 1) % 10}${'X'.repeat(77)}\r\n`).join('')}${'X'.repeat(80)}\r\n`;

const all = AWKWARD.map(({ bytes }) => bytes);
const finished = Buffer.concat([UNFINISHED.bytes, Buffer.from('\r\n')]);

describe('byte for byte', () => {
  it('curl, a file each', async () => {
    const at = await place();
    for (const file of files(at.path, [...AWKWARD, UNFINISHED])) {
      const url = `smtp://127.0.0.1:${at.server.port}/curl.example.net`;
      await succeed(peer('curl'), ['-sS', url, '--mail-from', FROM, '--mail-rcpt', TO, '-T', file]);
    }
    expectArrived(at, [...all, finished], /^Received: from curl\.example\.net /);
    expect(await at.server.stop()).toBe(0);
  });

  it("Python's smtplib, in one session", async () => {
    const at = await place();
    const script = join(ROOT, 'tools/e2e/clients/smtplib_send.py');
    await succeed(peer('python3'), [script, `${at.server.port}`, ...files(at.path, [...AWKWARD, UNFINISHED])]);
    expectArrived(at, [...all, finished], /^Received: from smtplib\.example\.net /);
    expect(await at.server.stop()).toBe(0);
  });

  it('nodemailer, raw messages through its pool', async () => {
    const at = await place();
    const script = join(ROOT, 'tools/e2e/clients/nodemailer-send.mjs');
    await succeed(process.execPath, [script, `${at.server.port}`, ...files(at.path, [...AWKWARD, UNFINISHED])]);
    expectArrived(at, [...all, finished], /^Received: from nodemailer\.example\.net /);
    expect(await at.server.stop()).toBe(0);
  });

  it('swaks, which sends the mail data as it is told to', async () => {
    const at = await place();
    for (const file of files(at.path, AWKWARD, dotStuffed)) {
      await succeed(peer('swaks'), [...swaks(at.server.port), '--no-data-fixup', '--data', `@${file}`]);
    }
    expectArrived(at, all, /^Received: from swaks\.example\.net /);
    expect(await at.server.stop()).toBe(0);
  });

  it('swaks, which does the dots itself', async () => {
    const at = await place();
    const body = 'From: <a@example.net>\r\nSubject: x\r\n\r\none\r\n.two\r\n..three\r\n';
    await succeed(peer('swaks'), [
      ...swaks(at.server.port),
      '--data',
      `@${files(at.path, [{ what: '', bytes: Buffer.from(body) }]).join()}`,
    ]);
    const [message] = stored(at.maildir).map((file) => trace(file).message.toString());
    expect(message?.trimEnd()).toBe(body.trimEnd());
    expect(await at.server.stop()).toBe(0);
  });
});

describe("Postfix's smtp-source", () => {
  it('10,000 messages in 50 sessions at once: all there, each complete', async () => {
    const at = await place();
    const load = ['-s', '50', '-m', '10000', '-l', '2000', '-f', FROM, '-t', TO, '-M', 'source.example.net'];
    await succeed(peer('smtp-source'), [...load, `127.0.0.1:${at.server.port}`]);
    const arrived = names(at.maildir);
    expect(arrived).toHaveLength(10_000);
    expect(names(at.maildir, 'tmp')).toEqual([]);
    const ids = new Set<string>();
    for (const name of arrived) {
      const { received, message } = trace(readFileSync(join(at.maildir, 'new', name)));
      expect(received).toMatch(/^Received: from source\.example\.net /);
      const text = message.toString('latin1');
      const end = text.indexOf('\r\n\r\n') + 4;
      expect(text.slice(0, end)).toMatch(/^From: <me@example\.net>\r\nTo: <you@example\.org>\r\n/);
      expect(text.slice(end)).toBe(SOURCE_BODY);
      ids.add(/^Message-Id: (.*)\r$/im.exec(text)?.[1] ?? '');
    }
    expect(ids.size).toBe(10_000);
    expect(at.server.logged()).toBe('');
    expect(await at.server.stop()).toBe(0);
  });
});

/** Arguments that every swaks here gets. */
function swaks(port: number): string[] {
  return [
    '--server',
    '127.0.0.1',
    '--port',
    `${port}`,
    '--helo',
    'swaks.example.net',
    '--from',
    FROM,
    '--to',
    TO,
    '--hide-all',
  ];
}

/** How mail data looks on the wire (RFC 5321 4.5.2), with the final dot but not the CRLF behind it, which swaks adds. */
function dotStuffed(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1').replace(/(^|\r\n)\./g, '$1..');
  return Buffer.from(`${text}.`, 'latin1');
}
