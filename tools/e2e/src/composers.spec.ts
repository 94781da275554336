/** The composers in one deployment: rewrite, forward, router, mirror; outcomes become one reply over SMTP and one each over LMTP. Outside is Postfix. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from './client';
import { folder, ROOT } from './folder';
import { stored } from './maildir';
import { ReceivingPostfix } from './receiving-postfix';
import { portOf } from './secure-place';
import { MailServer } from './server';

const SECRET = 'a secret of this very test';

const ALIASES = `# Who comes to whom.
team@home.example   cara@home.example, bob@example.org
boss@home.example   team@home.example
full@home.example   nobody@full.example
`;

const configuration = (outside: number) => ({
  hostname: 'mx.home.example',
  policies: [{ use: 'recipients', domains: ['home.example', 'old.example', 'srs.home.example'] }],
  delivery: {
    use: 'rewrite',
    recipient: { rules: [{ from: 'old.example', to: 'home.example' }] },
    srs: { domain: 'srs.home.example', secrets: [SECRET], sign: false },
    to: {
      use: 'forward',
      lookup: { file: './aliases' },
      to: {
        use: 'router',
        routes: [
          { domains: ['full.example'], to: join(ROOT, 'tools/e2e/clients/full-delivery.mjs') },
          {
            domains: ['home.example'],
            header: [{ name: 'X-Spam-Flag', pattern: 'yes*' }],
            to: { use: 'maildir', path: './spam', layout: 'per-recipient' },
          },
          {
            domains: ['home.example'],
            to: {
              use: 'mirror',
              to: { use: 'maildir', path: './mail', layout: 'per-recipient' },
              shadow: { use: 'maildir', path: './shadow' },
            },
          },
          {
            to: {
              use: 'rewrite',
              srs: { domain: 'srs.home.example', secrets: [SECRET], reverse: false, own: ['home.example'] },
              to: { use: 'relay', host: '127.0.0.1', port: outside },
            },
          },
        ],
      },
    },
  },
  listeners: [
    { name: 'mx', port: 0 },
    { name: 'lmtp', port: 0, protocol: 'lmtp' },
  ],
});

let path: string;
let outside: ReceivingPostfix;
let server: MailServer;

beforeEach(async () => {
  path = folder();
  outside = await ReceivingPostfix.start(path, ['ann', 'bob']);
  writeFileSync(join(path, 'aliases'), ALIASES);
  server = await MailServer.start(path, configuration(outside.port()));
});
/** Programs are stopped after each test; that ours ends well is looked at here. */
async function ended(): Promise<void> {
  expect(await server.stop()).toBe(0);
  await outside.stop();
}

const mailOf = (name: string, where = 'mail'): readonly string[] =>
  stored(join(path, where, 'home.example', name)).map((bytes) => bytes.toString('latin1'));

/** A transaction up to the 354. */
async function begun(listener: 'mx' | 'lmtp', from: string, ...to: readonly string[]): Promise<Client> {
  const client = await Client.connect(portOf(server, listener));
  await client.expect(220);
  await client.expect(250, listener === 'mx' ? 'EHLO client.example.net' : 'LHLO client.example.net');
  await client.expect(250, `MAIL FROM:<${from}>`);
  for (const one of to) await client.expect(250, `RCPT TO:<${one}>`);
  await client.expect(354, 'DATA');
  return client;
}

async function done(client: Client): Promise<void> {
  await client.expect(221, 'QUIT');
  await client.ended();
}

it('one message goes all its ways, and its bounce finds back', async () => {
  const client = await begun('mx', 'ann@example.org', 'boss@old.example', 'dan@home.example');
  client.write('Subject: hello\r\n\r\nto all\r\n.\r\n');
  await client.expect(250);
  const [toCara, ...more] = mailOf('cara');
  expect(more).toEqual([]);
  expect(toCara).toContain('Delivered-To: boss@home.example\r\n');
  expect(mailOf('dan')).toHaveLength(1);
  expect(mailOf('dan')[0]).not.toContain('Delivered-To');
  // Nobody waits for the shadow.
  await outside.until(() => stored(join(path, 'shadow')).length >= 2);
  expect(stored(join(path, 'shadow'))).toHaveLength(2);

  const [toBob = ''] = await outside.mailsOf('bob', 1);
  const sender = /^Return-Path: <(SRS0=.{6}=..=example\.org=ann@srs\.home\.example)>/.exec(toBob)?.[1];
  expect(sender).toBeDefined();
  expect(toBob).toContain('Delivered-To: boss@home.example');

  await client.expect(250, 'MAIL FROM:<mail@example.org>');
  await client.expect(550, `RCPT TO:<${sender ?? ''}>`);
  await client.expect(250, 'RSET');
  await client.expect(250, 'MAIL FROM:<>');
  await client.expect(550, `RCPT TO:<${sender?.replace('=ann@', '=eve@') ?? ''}>`);
  await client.expect(250, `RCPT TO:<${sender?.toLowerCase() ?? ''}>`);
  await client.expect(354, 'DATA');
  client.write('Subject: it was not to be delivered\r\n\r\nsorry\r\n.\r\n');
  await client.expect(250);
  const [bounce = ''] = await outside.mailsOf('ann', 1);
  expect(bounce).toMatch(/^Return-Path: <>\r?\n/);
  await done(client);
  await ended();
});

it('a header field is a way of its own', async () => {
  const client = await begun('mx', 'ann@example.org', 'emma@home.example');
  client.write('X-Spam-Flag: YES\r\n\r\nbuy\r\n.\r\n');
  await client.expect(250);
  expect([mailOf('emma'), mailOf('emma', 'spam').length]).toEqual([[], 1]);
  await done(client);
  await ended();
});

describe('a loop, somebody who has no room, and somebody who has', () => {
  const TO = ['team@home.example', 'full@home.example', 'finn@home.example'];
  const MESSAGE = 'Delivered-To: team@home.example\r\n\r\nagain\r\n.\r\n';

  it('are one reply over SMTP: the client tries again', async () => {
    const client = await begun('mx', 'ann@example.org', ...TO);
    client.write(MESSAGE);
    expect((await client.expect(452)).text).toContain('(2 of 3 recipients failed)');
    expect(mailOf('finn')).toHaveLength(1);
    await done(client);
    await ended();
  });

  it('and three over LMTP', async () => {
    const client = await begun('lmtp', 'ann@example.org', ...TO);
    client.write(MESSAGE);
    expect((await client.expect(554)).text).toContain('5.4.6');
    expect((await client.expect(452)).text).toContain('4.2.2');
    await client.expect(250);
    expect(mailOf('finn')).toHaveLength(1);
    await done(client);
    await ended();
  });
});
