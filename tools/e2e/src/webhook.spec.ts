/** Messages posted to a receiver that is written in Python, in every form; composed by nodemailer and by swaks. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, ROOT } from './folder';
import { freePort } from './free-port';
import { kill, peer, run, start, succeed } from './program';
import { MAIN, MailServer } from './server';

const SECRET = 'the secret that both of us know';
const KEY = 'the key that Mailgun gave to us';

/** What the receiver says of a request. */
interface Said {
  readonly query: Readonly<Record<string, string[]>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly signed: boolean;
  readonly sha256: string;
  readonly json?: Readonly<Record<string, unknown>>;
  readonly fields?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, { filename: string; type: string; sha256: string }>>;
  readonly mailgun?: boolean;
}

/** Starts the receiver. */
async function receiver() {
  const script = join(ROOT, 'tools/e2e/clients/webhook_receive.py');
  const child = start(peer('python3'), [script, SECRET, KEY], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  let rest = '';
  let wake = (): void => undefined;
  child.stdout?.on('data', (chunk: Buffer) => {
    const all = (rest + chunk.toString()).split('\n');
    rest = all.pop() ?? '';
    lines.push(...all);
    wake();
  });
  const next = async (): Promise<string> => {
    for (;;) {
      const line = lines.shift();
      if (line !== undefined) return line;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  const { port } = JSON.parse(await next()) as { port: number };
  return {
    url: `http://127.0.0.1:${port}/inbox?tenant=7`,
    said: async (): Promise<Said> => JSON.parse(await next()) as Said,
    unread: () => lines.length,
    stop: async (): Promise<void> => {
      const gone = once(child, 'exit');
      kill(child, 'SIGTERM');
      await gone;
    },
  };
}

const configuration = (webhook: object): object => ({
  hostname: 'mx.example.org',
  policies: [{ use: 'recipients', domains: ['example.org'] }],
  transforms: [],
  delivery: { use: 'webhook', secrets: ['an old secret of the two of us', SECRET], ...webhook },
  listeners: [{ name: 'mx', port: 0 }],
});

const sha256 = (octets: Uint8Array | string): string => createHash('sha256').update(octets).digest('hex');

/** More than the server holds in memory. */
const PDF = randomBytes(3_000_000);
const PNG = Buffer.from('89504e470d0a1a0a', 'hex');
const FILENAME = 'résumé "final".pdf';
const SUBJECT = 'Grüße aus Köln 😀';

describe('a webhook gets what nodemailer has composed', () => {
  /** Sends it, and gives the request. */
  async function posted(webhook: object, to = ['ann@example.org', 'bob@example.org']): Promise<Said> {
    const path = folder();
    const hook = await receiver();
    const server = await MailServer.start(path, configuration({ url: hook.url, ...webhook }));
    const file = join(path, 'file.pdf');
    writeFileSync(file, PDF);
    const script = join(ROOT, 'tools/e2e/clients/nodemailer-compose.mjs');
    const { stdout } = await succeed(process.execPath, [script, `${server.port}`, file, ...to]);
    expect(stdout).toBe('[]');
    const said = await hook.said();
    expect(hook.unread()).toBe(0);
    expect(said).toMatchObject({ signed: true, query: { tenant: ['7'] } });
    expect(said.headers['idempotency-key']?.startsWith(`${said.headers['x-mailverb-id']}-`)).toBe(true);
    expect(await server.stop()).toBe(0);
    return said;
  }

  it('as parsed JSON', async () => {
    const { json = {} } = await posted({ includeRaw: true });
    expect(json).toMatchObject({
      parsed: true,
      envelope: {
        sender: 'bounces@example.net',
        recipients: [{ address: 'ann@example.org' }, { address: 'bob@example.org' }],
      },
      session: { listener: 'mx', client: { address: '127.0.0.1' } },
      subject: SUBJECT,
      from: [{ name: 'Jörg Müller', address: 'joerg@example.net' }],
      to: [{ name: '東京, "Ann"', address: 'ann@example.org' }],
      text: 'Grüße!\n\n.\nAnn',
      html: '<p>Grüße! <img src="cid:logo@example.net"></p>',
    });
    const attachments = json['attachments'] as {
      filename: string;
      content: string;
      contentId: string | null;
      size: number;
    }[];
    const seen = attachments.map(({ filename, content, contentId, size }) => [
      filename,
      sha256(Buffer.from(content, 'base64')),
      contentId,
      size,
    ]);
    expect(seen.toSorted()).toEqual(
      [
        [FILENAME, sha256(PDF), null, PDF.length],
        ['logo.png', sha256(PNG), 'logo@example.net', PNG.length],
      ].toSorted(),
    );
    const raw = Buffer.from(String(json['raw']), 'base64');
    expect(raw.length).toBe(json['size']);
    expect(raw.toString('latin1')).toContain('Content-Type: application/pdf');
  });

  it('raw, with the envelope in headers, and behind the URL', async () => {
    const { headers } = await posted({ form: 'raw' });
    expect(headers).toMatchObject({
      'content-type': 'message/rfc822',
      'x-mailverb-sender': 'bounces@example.net',
      'x-mailverb-recipients': 'ann@example.org, bob@example.org',
    });
    const { query } = await posted({ form: 'raw', envelopeIn: 'query' });
    expect(query).toEqual({
      tenant: ['7'],
      sender: ['bounces@example.net'],
      recipient: ['ann@example.org', 'bob@example.org'],
    });
  });

  it('as from Postmark', async () => {
    const { json = {} } = await posted({ form: 'postmark' });
    expect(json).toMatchObject({
      FromName: 'Jörg Müller',
      From: 'joerg@example.net',
      OriginalRecipient: 'ann@example.org, bob@example.org',
      Subject: SUBJECT,
      TextBody: 'Grüße!\n\n.\nAnn',
    });
    const attachments = json['Attachments'] as { Name: string; Content: string; ContentLength: number }[];
    const pdf = attachments.find(({ Name }) => Name === FILENAME);
    expect([sha256(Buffer.from(pdf?.Content ?? '', 'base64')), pdf?.ContentLength]).toEqual([sha256(PDF), PDF.length]);
  });

  it('as from SendGrid, in parts and raw', async () => {
    const { fields = {}, files = {} } = await posted({ form: 'sendgrid' });
    expect(fields).toMatchObject({
      subject: SUBJECT,
      text: 'Grüße!\n\n.\nAnn',
      attachments: '2',
      sender_ip: '127.0.0.1',
    });
    expect(JSON.parse(fields['envelope'] ?? '')).toEqual({
      to: ['ann@example.org', 'bob@example.org'],
      from: 'bounces@example.net',
    });
    const info = JSON.parse(fields['attachment-info'] ?? '') as Record<string, { filename: string; type: string }>;
    const [name = ''] = Object.entries(info).find(([, { type }]) => type === 'application/pdf') ?? [];
    expect(info[name]?.filename).toBe(FILENAME);
    // Quotes are escaped as browsers do it, which Python does not undo.
    expect(files[name]).toEqual({ filename: 'résumé %22final%22.pdf', type: 'application/pdf', sha256: sha256(PDF) });
    const raw = await posted({ form: 'sendgrid-raw' });
    expect(raw.fields).toMatchObject({
      subject: SUBJECT,
      email: expect.stringContaining('Content-Type: application/pdf'),
    });
  });

  it('as from Mailgun, in parts and as MIME', async () => {
    const { fields, files = {}, mailgun } = await posted({ form: 'mailgun', mailgunKey: KEY });
    expect(mailgun).toBe(true);
    expect(fields).toMatchObject({
      recipient: 'ann@example.org,bob@example.org',
      sender: 'bounces@example.net',
      subject: SUBJECT,
      'body-plain': 'Grüße!\n\n.\nAnn',
      'attachment-count': '2',
    });
    expect(
      Object.values(files)
        .map((file) => file.sha256)
        .toSorted(),
    ).toEqual([sha256(PDF), sha256(PNG)].toSorted());
    const mime = await posted({ form: 'mailgun-mime', mailgunKey: KEY });
    expect(mime.mailgun).toBe(true);
    expect(mime.fields).toMatchObject({
      subject: SUBJECT,
      'body-mime': expect.stringContaining('Content-Type: application/pdf'),
    });
  });
});

it('a webhook gets what swaks sends, octet for octet', async () => {
  const path = folder();
  const hook = await receiver();
  const server = await MailServer.start(path, configuration({ url: hook.url, form: 'raw' }));
  const message = 'Subject: Grüße\r\n\r\n.\r\n..\r\nKöln\r\n';
  const file = join(path, 'message');
  // As it goes over the wire: swaks is to change nothing.
  writeFileSync(file, `${message.replaceAll('\r\n.', '\r\n..')}.\r\n`);
  const args = ['--server', '127.0.0.1', '--port', `${server.port}`, '--from', 'me@example.net', '--no-data-fixup'];
  await succeed(peer('swaks'), [...args, '--to', 'ann@example.org', '--data', `@${file}`]);
  expect(await hook.said()).toMatchObject({ sha256: sha256(message), signed: true });
  expect(await server.stop()).toBe(0);
});

it('no webhook, no yes: swaks hears 451, and 250 once there is one; of one recipient of two it hears the no', async () => {
  const path = folder();
  const port = await freePort();
  const down = await MailServer.start(path, configuration({ url: `http://127.0.0.1:${port}/` }));
  const swaks = (to: string, { port: at }: MailServer): readonly string[] => [
    '--server',
    '127.0.0.1',
    '--port',
    `${at}`,
    '--from',
    'me@example.net',
    '--to',
    to,
  ];
  const refused = await run(peer('swaks'), swaks('ann@example.org', down));
  expect(refused.stdout).toContain('<** 451 4.4.1 the message could not be delivered, try again later');
  expect(refused.code).not.toBe(0);
  expect(await down.stop()).toBe(0);

  const hook = await receiver();
  const up = await MailServer.start(path, configuration({ url: hook.url, readAnswer: true }));
  await succeed(peer('swaks'), swaks('ann@example.org', up));
  await hook.said();
  expect((await run(peer('swaks'), swaks('full@example.org', up))).stdout).toContain('<** 552 5.2.2 full');
  await hook.said();
  expect(await up.stop()).toBe(0);
});

it('no secret is printed', async () => {
  const path = folder();
  const file = join(path, 'mailverb.json');
  writeFileSync(
    file,
    JSON.stringify(configuration({ url: 'https://example.org/', mailgunKey: KEY, user: 'ann', password: 'pa55 word' })),
  );
  const { stdout, stderr } = await succeed(process.execPath, [MAIN, 'assembly', '--config', file]);
  for (const secret of [SECRET, KEY, 'pa55 word', 'an old secret']) expect(stdout + stderr).not.toContain(secret);
  expect(stdout).toContain('webhook');
});
