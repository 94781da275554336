/** What each form looks like, read by readers that we did not write where there are some: JSON.parse, and the form reader of fetch. */
import { createHmac } from 'node:crypto';
import { deliver, testMailbox, testRecipient, testSession, testTls } from '@mailverb/testing';
import fc from 'fast-check';
import { Receiver, formOfPosted, octetsOfField, webhook, type Posted } from '../webhook.fixture.js';
import type { WebhookOptionsInput } from '../webhook.options.js';
import { Base64Encoder } from './base64.js';
import { headerText } from './raw.js';

const KEY = 'key-0123456789abcdef';
const pdf = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 256));

const lines = (...all: string[]): string => all.join('\r\n');

const MESSAGE = Buffer.from(
  lines(
    'From: =?utf-8?Q?J=C3=B6rg?= <joerg@example.net>',
    'To: Ann <ann+x42@example.org>',
    'Cc: bob@example.org',
    'Reply-To: desk@example.net',
    'Subject: =?utf-8?B?R3LDvMOfZQ==?=',
    'Message-ID: <m1@example.net>',
    'Date: Wed, 1 Jul 2026 10:00:00 +0200',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: text/plain; charset=utf-8',
    '',
    'Grüße',
    '--b',
    'Content-Type: text/html; charset=utf-8',
    '',
    '<p>Grüße</p>',
    '--b',
    'Content-Type: application/pdf; name="a \\"b\\".pdf"',
    'Content-Disposition: attachment; filename="a \\"b\\".pdf"',
    'Content-Transfer-Encoding: base64',
    '',
    pdf.toString('base64').replaceAll(/.{76}/g, '$&\r\n'),
    '--b',
    'Content-Type: image/png',
    'Content-ID: <__proto__>',
    'Content-Disposition: inline',
    '',
    'PNG',
    '--b--',
    '',
  ),
);

const session = testSession({
  heloName: 'client.example.net',
  identity: { name: 'jörg; x', mechanism: 'PLAIN' },
  tls: testTls(),
  annotations: [{ by: 'spf', key: 'result', value: 'pass' }],
});

/** Posts a message, and gives the request. */
async function post(
  options: Omit<WebhookOptionsInput, 'url'>,
  message: Uint8Array = MESSAGE,
  to: readonly string[] = ['ann+x42@example.org', 'bob@example.org'],
  sender: string | null = 'bounces@example.net',
  from = session,
): Promise<Posted> {
  const receiver = await new Receiver().start();
  const { strategy } = webhook({ url: receiver.url, ...options });
  await strategy.start();
  try {
    const recipients = to.map((address, i) =>
      testRecipient(
        address,
        i === 0 ? { NOTIFY: new Set(['failure']), ORCPT: { type: 'rfc822', address: 'o@x' } } : {},
      ),
    );
    const { outcomes } = await deliver(strategy, recipients, message, {
      session: from,
      envelope: {
        id: 'tx1',
        reversePath: sender === null ? null : testMailbox(sender),
        parameters: { SIZE: 5, RET: 'HDRS' },
      },
    });
    expect(outcomes.map(({ reply }) => String(reply))).toEqual(to.map(() => '250 2.0.0 Ok: posted as tx1'));
    return receiver.only;
  } finally {
    await strategy.stop();
    await receiver.stop();
  }
}

const json = ({ body }: Posted): Record<string, unknown> => JSON.parse(body.toString()) as Record<string, unknown>;

async function fields(posted: Posted): Promise<Record<string, string>> {
  const out: Record<string, string> = {};
  for (const [name, value] of await formOfPosted(posted)) {
    out[name] = typeof value === 'string' ? value : `${value.name} (${value.type}, ${value.size})`;
  }
  return out;
}

async function file(posted: Posted, name: string): Promise<Buffer> {
  const value = (await formOfPosted(posted)).get(name);
  if (value === null || typeof value === 'string') throw new Error(`${name} is no file`);
  return Buffer.from(await value.arrayBuffer());
}

it('every form tells its length, its id and a key that tells parts of one transaction apart', async () => {
  for (const form of ['raw', 'parsed', 'postmark', 'sendgrid', 'sendgrid-raw', 'mailgun', 'mailgun-mime'] as const) {
    const options = { form, ...(form.startsWith('mailgun') ? { mailgunKey: KEY } : {}) };
    const { method, url, headers, body } = await post(options);
    expect([method, url]).toEqual(['POST', form === 'raw' ? url : '/inbox?token=t0ps3cret']);
    expect(headers).toMatchObject({
      'content-length': String(body.length),
      'x-mailverb-id': 'tx1',
      'x-mailverb-form': form,
      'user-agent': 'Mailverb',
    });
    expect(headers['idempotency-key']).toMatch(/^tx1-[0-9a-f]{16}$/);
    const other = await post(options, MESSAGE, ['ann+x42@example.org']);
    expect(other.headers['idempotency-key']).toMatch(/^tx1-/);
    expect(other.headers['idempotency-key']).not.toBe(headers['idempotency-key']);
  }
});

describe('raw', () => {
  it('is the message, with the envelope in headers', async () => {
    const { body, headers } = await post({ form: 'raw' });
    expect(body).toEqual(MESSAGE);
    expect(headers).toMatchObject({
      'content-type': 'message/rfc822',
      'x-mailverb-sender': 'bounces@example.net',
      'x-mailverb-recipients': 'ann+x42@example.org, bob@example.org',
      'x-mailverb-client': '192.0.2.1',
      'x-mailverb-helo': 'client.example.net',
      'x-mailverb-listener': 'test',
      'x-mailverb-login': 'j%C3%B6rg%3B%20x',
    });
  });

  it('names nobody whose name is longer than headers may be', async () => {
    const long = testSession({ identity: { name: 'x'.repeat(20_000), mechanism: 'PLAIN' } });
    expect(
      (await post({ form: 'raw' }, MESSAGE, ['ann@example.org'], null, long)).headers['x-mailverb-login'],
    ).toBeUndefined();
  });

  it('or behind the URL, where that has more already', async () => {
    const { url, headers } = await post(
      { form: 'raw', envelopeIn: 'query' },
      MESSAGE,
      ['"a b&c=%"@example.org', 'jörg@example.org'],
      null,
    );
    const search = new URLSearchParams(url.split('?')[1]);
    expect(search.get('token')).toBe('t0ps3cret');
    expect(search.get('sender')).toBe('');
    expect(search.getAll('recipient')).toEqual(['"a b&c=%"@example.org', 'jörg@example.org']);
    expect(headers['x-mailverb-recipients']).toBeUndefined();
  });

  it('has text of any kind in headers, and gets it back (attack A6)', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), (one, other) => {
        for (const text of [one, other]) {
          const header = headerText(text);
          expect(header).toMatch(/^[!-~]*$/);
          expect(header).not.toMatch(/[,;" ]/);
          expect(decodeURIComponent(header)).toBe(Buffer.from(text).toString());
        }
      }),
    );
    expect(headerText("o'neil+x=y@example.org")).toBe("o'neil+x=y@example.org");
  });
});

describe('parsed', () => {
  it('has all there is to know', async () => {
    const posted = await post({});
    expect(posted.headers['content-type']).toBe('application/json');
    expect(json(posted)).toEqual({
      version: 1,
      id: 'tx1',
      receivedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      envelope: {
        sender: 'bounces@example.net',
        parameters: { SIZE: 5, RET: 'HDRS' },
        recipients: [
          {
            address: 'ann+x42@example.org',
            parameters: { NOTIFY: ['failure'], ORCPT: { type: 'rfc822', address: 'o@x' } },
          },
          { address: 'bob@example.org', parameters: {} },
        ],
      },
      session: {
        id: 'test-session',
        listener: 'test',
        hostname: 'mx.test.example',
        protocol: 'smtp',
        client: { address: '192.0.2.1', port: 40_000, name: null, helo: 'client.example.net' },
        tls: { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384' },
        identity: { name: 'jörg; x', mechanism: 'PLAIN' },
        annotations: [{ by: 'spf', key: 'result', value: 'pass' }],
      },
      size: MESSAGE.length,
      parsed: true,
      subject: 'Grüße',
      from: [{ name: 'Jörg', address: 'joerg@example.net' }],
      to: [{ name: 'Ann', address: 'ann+x42@example.org' }],
      cc: [{ name: '', address: 'bob@example.org' }],
      bcc: [],
      replyTo: [{ name: '', address: 'desk@example.net' }],
      date: '2026-07-01T08:00:00.000Z',
      messageId: '<m1@example.net>',
      headers: expect.arrayContaining([{ name: 'Subject', value: '=?utf-8?B?R3LDvMOfZQ==?=' }]),
      text: 'Grüße',
      html: '<p>Grüße</p>',
      attachments: [
        {
          filename: 'a "b".pdf',
          contentType: 'application/pdf',
          inline: false,
          contentId: null,
          size: 1000,
          content: pdf.toString('base64'),
        },
        { filename: null, contentType: 'image/png', inline: true, contentId: '__proto__', size: 3, content: 'UE5H' },
      ],
    });
  });

  it('says null for a bounce, and for what is not there', async () => {
    const { envelope, text, html, date, attachments } = json(
      await post({}, Buffer.from('Date: x\r\n\r\n'), ['a@example.org'], null),
    );
    expect(envelope).toMatchObject({ sender: null });
    expect([text, html, date, attachments]).toEqual(['', null, null, []]);
  });

  it('has the whole message where it is asked for', async () => {
    expect(Buffer.from(String(json(await post({ includeRaw: true }))['raw']), 'base64')).toEqual(MESSAGE);
  });
});

describe('postmark', () => {
  it('has the names of Postmark', async () => {
    const posted = await post({ form: 'postmark', includeRaw: true });
    expect(json(posted)).toEqual({
      FromName: 'Jörg',
      MessageStream: 'inbound',
      From: 'joerg@example.net',
      FromFull: { Email: 'joerg@example.net', Name: 'Jörg', MailboxHash: '' },
      To: '"Ann" <ann+x42@example.org>',
      ToFull: [{ Email: 'ann+x42@example.org', Name: 'Ann', MailboxHash: 'x42' }],
      Cc: 'bob@example.org',
      CcFull: [{ Email: 'bob@example.org', Name: '', MailboxHash: '' }],
      Bcc: '',
      BccFull: [],
      OriginalRecipient: 'ann+x42@example.org, bob@example.org',
      Subject: 'Grüße',
      MessageID: 'tx1',
      ReplyTo: 'desk@example.net',
      MailboxHash: 'x42',
      Date: 'Wed, 1 Jul 2026 10:00:00 +0200',
      TextBody: 'Grüße',
      HtmlBody: '<p>Grüße</p>',
      StrippedTextReply: '',
      Tag: '',
      Headers: expect.arrayContaining([{ Name: 'Message-ID', Value: '<m1@example.net>' }]),
      RawEmail: MESSAGE.toString(),
      Attachments: [
        {
          Name: 'a "b".pdf',
          Content: pdf.toString('base64'),
          ContentType: 'application/pdf',
          ContentLength: 1000,
          ContentID: '',
        },
        {
          Name: 'attachment-2.png',
          Content: 'UE5H',
          ContentType: 'image/png',
          ContentLength: 3,
          ContentID: '__proto__',
        },
      ],
    });
    expect(posted.headers['x-mailverb-raw-charset']).toBe('utf-8');
  });

  it('names the sender of the envelope where the message names none', async () => {
    expect(json(await post({ form: 'postmark' }, Buffer.from('\r\nx')))['From']).toBe('bounces@example.net');
  });
});

describe('sendgrid', () => {
  it('has the names of Inbound Parse', async () => {
    const posted = await post({ form: 'sendgrid' });
    const all = await fields(posted);
    expect(Object.keys(all)).toEqual([
      'headers',
      'dkim',
      'SPF',
      'to',
      'cc',
      'from',
      'subject',
      'sender_ip',
      'envelope',
      'charsets',
      'attachments',
      'text',
      'html',
      'attachment-info',
      'content-ids',
      'attachment1',
      'attachment2',
    ]);
    expect(all).toMatchObject({
      to: '"Ann" <ann+x42@example.org>',
      from: '"Jörg" <joerg@example.net>',
      subject: 'Grüße',
      sender_ip: '192.0.2.1',
      attachments: '2',
      text: 'Grüße',
      html: '<p>Grüße</p>',
      'content-ids': '{"__proto__":"attachment2"}',
      attachment1: 'a "b".pdf (application/pdf, 1000)',
      attachment2: 'attachment-2.png (image/png, 3)',
    });
    expect(all['headers']).toContain('Message-ID: <m1@example.net>\n');
    expect(JSON.parse(all['envelope'] ?? '')).toEqual({
      to: ['ann+x42@example.org', 'bob@example.org'],
      from: 'bounces@example.net',
    });
    expect(JSON.parse(all['attachment-info'] ?? '')).toEqual({
      attachment1: { filename: 'a "b".pdf', name: 'a "b".pdf', type: 'application/pdf' },
      attachment2: {
        filename: 'attachment-2.png',
        name: 'attachment-2.png',
        type: 'image/png',
        'content-id': '__proto__',
      },
    });
    expect(await file(posted, 'attachment1')).toEqual(pdf);
  });

  it('has the message itself in its raw mode', async () => {
    const posted = await post({ form: 'sendgrid-raw' });
    expect(octetsOfField(posted, 'email')).toEqual(MESSAGE);
    expect(await fields(posted)).toMatchObject({ subject: 'Grüße', email: MESSAGE.toString() });
  });
});

describe('mailgun', () => {
  const signed = (all: Record<string, string>): boolean =>
    all['signature'] === createHmac('sha256', KEY).update(`${all['timestamp']}${all['token']}`).digest('hex');

  it('has the names of routes, and the signature', async () => {
    const posted = await post({ form: 'mailgun', mailgunKey: KEY });
    const all = await fields(posted);
    expect(all).toMatchObject({
      recipient: 'ann+x42@example.org,bob@example.org',
      sender: 'bounces@example.net',
      from: '"Jörg" <joerg@example.net>',
      subject: 'Grüße',
      'body-plain': 'Grüße',
      'stripped-text': 'Grüße',
      'body-html': '<p>Grüße</p>',
      'attachment-count': '2',
      'content-id-map': '{"<__proto__>":"attachment-2"}',
      'attachment-1': 'a "b".pdf (application/pdf, 1000)',
    });
    expect(all['token']).toMatch(/^[0-9a-f]{50}$/);
    expect(signed(all)).toBe(true);
    expect(JSON.parse(all['message-headers'] ?? '')).toContainEqual(['Message-ID', '<m1@example.net>']);
    expect(await file(posted, 'attachment-1')).toEqual(pdf);
  });

  it('has the message itself as MIME', async () => {
    const posted = await post({ form: 'mailgun-mime', mailgunKey: KEY });
    expect(octetsOfField(posted, 'body-mime')).toEqual(MESSAGE);
    expect(signed(await fields(posted))).toBe(true);
  });

  it('lets no message bring fields of its own', async () => {
    const all = await formOfPosted(
      await post({ form: 'mailgun', mailgunKey: KEY }, Buffer.from('signature: x\r\ntoken: y\r\n\r\nz')),
    );
    expect([all.getAll('signature').length, all.getAll('token').length]).toEqual([1, 1]);
  });
});

describe('a message that can not be taken apart', () => {
  const bomb = Buffer.from(
    `Subject: bomb\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n\r\nx\r\n'.repeat(600)}--b--\r\n`,
  );
  const said = 'it has more parts than maxParts, or a header longer than maxHeaderSize';

  it('is posted whole, in each form in its way', async () => {
    const parsed = await post({}, bomb);
    expect(parsed.headers['x-mailverb-problem']).toBe(said);
    expect(json(parsed)).toMatchObject({
      parsed: false,
      problem: said,
      subject: 'bomb',
      raw: bomb.toString('base64'),
      text: null,
      attachments: [],
    });
    const postmark = await post({ form: 'postmark' }, Buffer.concat([bomb, Buffer.from([0xff])]));
    expect(postmark.headers).toMatchObject({ 'x-mailverb-problem': said, 'x-mailverb-raw-charset': 'iso-8859-1' });
    expect(json(postmark)).toMatchObject({ Subject: 'bomb', RawEmail: `${bomb.toString()}\u00ff`, Attachments: [] });
    const sendgrid = await post({ form: 'sendgrid' }, bomb);
    expect(await fields(sendgrid)).toMatchObject({ subject: 'bomb', email: bomb.toString() });
    const mailgun = await post({ form: 'mailgun', mailgunKey: KEY }, bomb);
    expect(await fields(mailgun)).toMatchObject({ subject: 'bomb', 'body-mime': bomb.toString() });
  });

  it('or refused, where it is told to', async () => {
    const receiver = await new Receiver().start();
    const { strategy, log } = webhook({ url: receiver.url, unparsable: 'reject' });
    await strategy.start();
    const { outcomes } = await deliver(strategy, ['a@example.org'], bomb);
    expect(outcomes.map(({ reply }) => reply.code)).toEqual([554]);
    expect(receiver.posted).toEqual([]);
    expect(log).toMatchObject([{ level: 'warn', fields: { why: expect.stringContaining('maxParts') } }]);
    await strategy.stop();
    await receiver.stop();
  });
});

it('nothing that a message says becomes part of a form (attack A6)', async () => {
  const evil = 'x"; filename="y\r\nContent-Type: text/html\r\n\r\n<b>--mailverb';
  const words = Buffer.from(evil).toString('base64');
  const message = Buffer.from(
    lines(
      `Subject: =?utf-8?B?${words}?=`,
      `From: =?utf-8?B?${words}?= <a@example.org>`,
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      `Content-Disposition: attachment; filename*=utf-8''${encodeURIComponent(evil)}`,
      'Content-Type: text/html',
      '',
      evil,
      '--b--',
      '',
    ),
  );
  for (const form of ['sendgrid', 'mailgun'] as const) {
    const posted = await post({ form, ...(form === 'mailgun' ? { mailgunKey: KEY } : {}) }, message);
    const all = [...(await formOfPosted(posted))];
    expect(new Set(all.map(([name]) => name)).size).toBe(all.length);
    expect(all.filter(([, value]) => typeof value !== 'string')).toHaveLength(1);
    expect(all.find(([name]) => name === 'subject')?.[1]).toBe(evil);
  }
  for (const form of ['parsed', 'postmark'] as const) expect(json(await post({ form }, message))).toBeDefined();
});

it('base64 is the same at every cut', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 10 })), (chunks) => {
      const encoder = new Base64Encoder();
      const out = [...chunks.map((chunk) => encoder.push(chunk)), encoder.end()];
      expect(Buffer.concat(out).toString()).toBe(Buffer.concat(chunks).toString('base64'));
    }),
  );
});
