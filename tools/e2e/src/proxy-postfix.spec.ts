/** The live proxy before Postfix: its verdicts are ours, EHLO offers what it can take, and it learns who the client is. */
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { makeCertificate } from '@mailverb/certificates';
import { Client } from './client';
import { folder } from './folder';
import { ReceivingPostfix, type Services } from './receiving-postfix';
import { certificateIn } from './secure-place';
import { LISTENERS, MailServer } from './server';

interface Place {
  readonly path: string;
  readonly postfix: ReceivingPostfix;
  /** A server before one of Postfix's ports. @param delivery more options of the proxy. */
  before(service: string, delivery?: object, more?: object): Promise<MailServer>;
}

const HELLO = 'Date: Wed, 25 Nov 2026 08:00:00 +0000\r\nSubject: hello\r\n\r\nHello\r\n..dot\r\n.\r\n';

/** Runs a test with a Postfix, and stops that whatever comes of it. */
async function withPostfix(
  act: (at: Place) => Promise<void>,
  services: Services = { smtp: [] },
  more: (path: string) => readonly string[] | Promise<readonly string[]> = () => [],
): Promise<void> {
  const path = folder();
  const postfix = await ReceivingPostfix.start(path, ['ann', 'bob'], services, await more(path));
  const before = (service: string, delivery: object = {}, configuration: object = {}): Promise<MailServer> =>
    MailServer.start(path, {
      hostname: 'mx.example.org',
      logger: { use: 'pino', level: 'warn' },
      policies: [{ use: 'recipients', any: true }],
      delivery: { use: 'proxy', host: 'localhost', port: postfix.port(service), tls: { mode: 'none' }, ...delivery },
      listeners: LISTENERS,
      ...configuration,
    });
  try {
    await act({ path, postfix, before });
  } finally {
    await postfix.stop();
  }
}

/** What is said to each of these, and to a message in the end. */
async function conversation(client: Client, recipients: readonly string[], message: string): Promise<string[]> {
  const said: string[] = [];
  const say = async (line: string): Promise<string> => {
    client.write(line);
    const text = (await client.reply())?.text ?? 'nothing';
    said.push(text);
    return text;
  };
  await client.expect(250, 'MAIL FROM:<me@example.net>');
  for (const recipient of recipients) await say(`RCPT TO:<${recipient}>\r\n`);
  await client.expect(354, 'DATA');
  await say(message);
  return said;
}

it('what it says of recipients and of the message is what the client hears, word for word', () =>
  withPostfix(
    async ({ postfix, before }) => {
      // By BDAT, Postfix's words are others.
      const server = await before('smtp', { chunking: false });
      const [through, straight] = [await Client.greeted(server.port), await Client.greeted(postfix.port())];
      const to = ['ann@example.org', 'nobody@example.org', 'eve@elsewhere.example', 'later@example.org'];
      const heard = await conversation(through, to, HELLO);
      const said = await conversation(straight, to, HELLO);
      const id = /queued as (\w+)\r\n$/;
      expect(heard.map((text) => text.replace(id, 'queued as *\r\n'))).toEqual(
        said.map((text) => text.replace(id, 'queued as *\r\n')),
      );
      expect(heard.map((text) => text.slice(0, 9))).toEqual([
        '250 2.1.5',
        '550 5.1.1',
        '554 5.7.1',
        '450 4.2.0',
        '250 2.0.0',
      ]);
      // The id is that of the message.
      const [, queued = ''] = id.exec(heard.at(-1) ?? '') ?? [];
      const mails = await postfix.mailsOf('ann', 2);
      const [mail, ...more] = mails.filter((text) => text.includes(`with ESMTP id ${queued}`));
      expect(more).toEqual([]);
      expect(mail).toMatch(/by mx\.example\.org with ESMTP id [^]*Subject: hello\n[^]*\n\nHello\n\.dot\n$/);

      // After the data, its no is ours too.
      const bad = HELLO.replace('hello', 'we do not want this');
      const refused = await conversation(through, ['bob@example.org'], bad);
      expect(refused).toEqual(await conversation(straight, ['bob@example.org'], bad));
      expect(refused[1]).toBe('550 5.7.1 not with this subject, thank you\r\n');
      expect(postfix.mails('ann')).toHaveLength(2);
      await through.expect(221, 'QUIT');
      expect(await server.stop()).toBe(0);
    },
    { smtp: [] },
    (path) => {
      writeFileSync(join(path, 'subjects'), '/^Subject: .*do not want/ REJECT not with this subject, thank you\n');
      writeFileSync(join(path, 'later'), 'later@example.org DEFER_IF_PERMIT 4.2.0 come again\n');
      return [
        `header_checks = regexp:${path}/subjects`,
        `smtpd_recipient_restrictions = check_recipient_access texthash:${path}/later`,
      ];
    },
  ));

/** What is offered, without the greeting line; sorted. */
async function offered(port: number): Promise<readonly string[]> {
  const client = await Client.connect(port);
  await client.expect(220);
  const { text } = await client.expect(250, 'EHLO client.example.net');
  await client.expect(221, 'QUIT');
  return text
    .split('\r\n')
    .slice(1, -1)
    .map((line) => line.slice(4))
    .toSorted();
}

it('EHLO offers what both can take', () =>
  withPostfix(
    async ({ before }) => {
      const promises = (words: readonly string[]) =>
        words.filter((word) => /^(?:8BITMIME|BINARYMIME|DSN|SIZE|SMTPUTF8)\b/.test(word));
      const full = await before('smtp');
      expect(promises(await offered(full.port))).toEqual(['8BITMIME', 'DSN', 'SIZE 1000000', 'SMTPUTF8']);
      expect(await full.stop()).toBe(0);

      const less = await before('less');
      const words = await offered(less.port);
      expect(promises(words)).toEqual(['8BITMIME', 'SIZE 1000000']);
      // What is between the client and us does not depend on others.
      for (const word of ['PIPELINING', 'CHUNKING', 'ENHANCEDSTATUSCODES']) expect(words).toContain(word);
      const client = await Client.greeted(less.port);
      await client.expect(250, 'MAIL FROM:<me@example.net> SIZE=1000001');
      await client.expect(552, 'RCPT TO:<ann@example.org>');
      await client.expect(221, 'QUIT');
      expect(await less.stop()).toBe(0);

      const ours = await before('less', { keywords: 'ours' });
      expect(promises(await offered(ours.port))).toEqual(
        expect.arrayContaining(['8BITMIME', 'BINARYMIME', 'DSN', 'SMTPUTF8']),
      );
      expect(await ours.stop()).toBe(0);
    },
    { smtp: [], less: ['smtpd_discard_ehlo_keywords=smtputf8,dsn,chunking'] },
    () => ['message_size_limit = 1000000'],
  ));

/** Sends a message from another address of this machine; gives what is said at its end. */
async function sendFrom(localAddress: string, port: number, helo: string, to: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, localAddress });
  await once(socket, 'connect');
  const client = Client.over(socket);
  await client.expect(220);
  await client.expect(250, `EHLO ${helo}`);
  await client.data('me@example.net', to);
  const { text } = await client.expect(250, HELLO.slice(0, -2));
  await client.expect(221, 'QUIT');
  return text;
}

const TELLING: Services = {
  xclient: ['smtpd_authorized_xclient_hosts=127.0.0.0/8'],
  haproxy: ['smtpd_upstream_proxy_protocol=haproxy'],
  plain: [],
};

describe('it learns who the client is', () => {
  it.each([
    ['XCLIENT', 'xclient', { xclient: true }],
    ['a PROXY header of version 1', 'haproxy', { proxyProtocol: 1 }],
    ['a PROXY header of version 2', 'haproxy', { proxyProtocol: 2 }],
  ])('by %s', (_what, service, options) =>
    withPostfix(async ({ postfix, before }) => {
      const server = await before(service, options);
      await sendFrom('127.0.0.9', server.port, 'nine.example.net', 'ann@example.org');
      await sendFrom('127.0.0.8', server.port, 'eight.example.net', 'bob@example.org');
      // In its log and in its trace field, above ours.
      for (const [address, name] of [
        ['127.0.0.9', 'ann'],
        ['127.0.0.8', 'bob'],
      ] as const) {
        const [mail = ''] = await postfix.mailsOf(name, 1);
        const [, field = ''] = /^Received: ([^]*?)\n(?=\S)/m.exec(mail) ?? [];
        expect(field).toMatch(new RegExp(`^from \\S+ \\(unknown \\[${address.replaceAll('.', '\\.')}\\]\\)`));
        expect(postfix.log).toMatch(new RegExp(`: \\w+: client=unknown\\[${address.replaceAll('.', '\\.')}\\]`));
      }
      // XCLIENT says what it has called itself; with PROXY the name in EHLO is ours.
      const [mail = ''] = postfix.mails('ann');
      expect(mail).toContain(
        service === 'xclient' ? 'Received: from nine.example.net (' : 'Received: from mx.example.org (',
      );
      expect(await server.stop()).toBe(0);
    }, TELLING),
  );

  it('or takes nothing, where it does not trust us', () =>
    withPostfix(async ({ postfix, before }) => {
      const server = await before('plain', { xclient: true });
      const client = await Client.greeted(server.port);
      await client.expect(250, 'MAIL FROM:<me@example.net>');
      const { text } = await client.expect(451, 'RCPT TO:<ann@example.org>');
      expect(text).toBe('451 4.4.1 next hop takes no mail now, try again later\r\n');
      await client.expect(221, 'QUIT');
      expect(await server.stop()).toBe(0);
      expect(server.logged()).toContain('does not offer XCLIENT');
      expect(postfix.log).not.toContain('client=');
    }, TELLING));
});

describe('TLS that is required', () => {
  let ca = '';
  const certificates = async (path: string): Promise<readonly string[]> => {
    const authority = await makeCertificate({ commonName: 'e2e authority', names: ['ca.example'], authority: true });
    ca = join(path, 'ca.pem');
    writeFileSync(ca, authority.cert);
    const { cert, key } = await certificateIn(path, 'postfix', { names: ['localhost'], signedBy: authority });
    return [
      `smtpd_tls_cert_file = ${cert}`,
      `smtpd_tls_key_file = ${key}`,
      'smtpd_tls_received_header = yes',
      'smtpd_tls_loglevel = 1',
    ];
  };
  const TLS: Services = { smtp: ['smtpd_tls_security_level=encrypt'], clear: ['smtpd_tls_security_level=none'] };

  it('mail goes encrypted to whom our authority knows', () =>
    withPostfix(
      async ({ postfix, before }) => {
        const server = await before('smtp', { tls: { mode: 'required', ca } });
        await sendFrom('127.0.0.1', server.port, 'client.example.net', 'ann@example.org');
        const [mail] = await postfix.mailsOf('ann', 1);
        expect(mail).toMatch(/\(using TLSv1\.3 with cipher [^]* with ESMTPS id /);
        expect(postfix.log).toMatch(/TLS connection established from unknown\[127\.0\.0\.1\]: TLSv1\.3/);
        expect(await server.stop()).toBe(0);
      },
      TLS,
      certificates,
    ));

  it.each([
    ['an authority that nobody knows', 'smtp', () => ({ mode: 'required' })],
    ['another name', 'smtp', () => ({ mode: 'required', ca, serverName: 'mail.example.org' })],
    ['no STARTTLS', 'clear', () => ({ mode: 'required', ca })],
  ])('%s: no mail goes, and none is refused', (_what, service, tls) =>
    withPostfix(
      async ({ postfix, before }) => {
        const server = await before(service, { tls: tls() });
        const client = await Client.greeted(server.port);
        await client.expect(250, 'MAIL FROM:<me@example.net>');
        const { text } = await client.expect(451, 'RCPT TO:<ann@example.org>');
        expect(text).toBe('451 4.7.5 no secure connection to the next hop, try again later\r\n');
        await client.expect(221, 'QUIT');
        expect(await server.stop()).toBe(0);
        expect(postfix.log).not.toContain('client=');
      },
      TLS,
      certificates,
    ),
  );
});

it('connections are used again: forty messages of twenty clients, one after another, over one', () =>
  withPostfix(async ({ postfix, before }) => {
    const connects = (): number => postfix.log.match(/smtpd\[\d+\]: connect from/g)?.length ?? 0;
    const server = await before('smtp');
    const first = connects();
    for (let n = 0; n < 20; n++) {
      const client = await Client.greeted(server.port);
      for (const name of ['ann', 'bob']) {
        await client.data('me@example.net', `${name}@example.org`);
        await client.expect(250, HELLO.slice(0, -2));
      }
      await client.expect(221, 'QUIT');
    }
    expect(connects()).toBe(first);
    expect(await server.stop()).toBe(0);
    await postfix.until(() => /disconnect from \S+ ehlo=1 mail=40 rcpt=40 (?:bdat|data)=40 quit=1 /.test(postfix.log));
  }));

it('while it is down mail is deferred, and goes again when it is back', () =>
  withPostfix(async ({ postfix, before }) => {
    const server = await before('smtp');
    const client = await Client.greeted(server.port);
    await client.data('me@example.net', 'ann@example.org');
    await client.expect(250, HELLO.slice(0, -2));
    await postfix.stop();
    await client.expect(250, 'MAIL FROM:<me@example.net>');
    const { text } = await client.expect(451, 'RCPT TO:<ann@example.org>');
    expect(text).toBe('451 4.4.1 next hop can not be reached, try again later\r\n');
    await client.expect(250, 'RSET');
    await postfix.resume();
    await client.data('me@example.net', 'ann@example.org');
    await client.expect(250, HELLO.slice(0, -2));
    await client.expect(221, 'QUIT');
    await postfix.mailsOf('ann', 2);
    expect(await server.stop()).toBe(0);
  }));
