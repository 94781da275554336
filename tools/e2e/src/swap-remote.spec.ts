/**
 * One deployment, six ways to deliver, one test per swap: the configuration file is edited while the server runs, and read again on SIGHUP. Listener and
 * policies stay as they are, and so does what a client sends.
 */
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Dovecot } from './dovecot';
import { folder } from './folder';
import { freePort } from './free-port';
import { field, stored } from './maildir';
import { kill, peer, succeed } from './program';
import { ReceivingPostfix } from './receiving-postfix';
import { MailServer } from './server';

/** Somewhere that mail can go. */
interface Destination {
  /** What stands in the configuration. */
  readonly delivery: string;
  /** What somebody has got, once it is so many messages: without trace fields, and with CRLF, as line ends of its own are a mailbox's right. */
  arrived(name: string, count: number): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** Sets one up in an empty folder. */
type Open = (path: string) => Promise<Destination>;

const USERS = ['ann', 'bob'];

const maildir: Open = async (path) => ({
  delivery: `{ use: maildir, path: ${path}, layout: per-recipient }`,
  arrived: async (name) => stored(join(path, 'example.org', name)).map(bare),
  stop: async () => undefined,
});

const lmtp: Open = async (path) => {
  const dovecot = await Dovecot.start(path, { ann: undefined, bob: undefined });
  return {
    delivery: `{ use: lmtp, path: ${dovecot.socket} }`,
    arrived: async (name) => dovecot.mails(name).map(bare),
    stop: () => dovecot.stop(),
  };
};

const postfix =
  (use: 'relay' | 'proxy'): Open =>
  async (path) => {
    const server = await ReceivingPostfix.start(path, USERS);
    return {
      delivery: `{ use: ${use}, host: 127.0.0.1, port: ${server.port()} }`,
      // It has a queue: what it took is on its way.
      arrived: async (name, count) => (await server.mailsOf(name, count)).map(bare),
      stop: () => server.stop(),
    };
  };

const webhook: Open = async () => {
  const posted: { readonly recipients: string; readonly message: string }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      posted.push({ recipients: `${request.headers['x-mailverb-recipients']}`, message: bare(Buffer.concat(chunks)) });
      response.end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    delivery: `{ use: webhook, url: 'http://127.0.0.1:${(server.address() as AddressInfo).port}/', form: raw }`,
    arrived: async (name) =>
      posted.filter(({ recipients }) => recipients.includes(`${name}@`)).map(({ message }) => message),
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};

/** Bob's mail goes on; Ann's is stored, with a copy in a Maildir. */
const composed: Open = async (path) => {
  const store = await lmtp(subfolder(path, 'store'));
  const next = await postfix('proxy')(subfolder(path, 'next'));
  const copies = join(path, 'copies');
  const tee = `{ use: tee, to: ${store.delivery}, copies: [{ use: maildir, path: ${copies} }], require: all }`;
  return {
    delivery: `{ use: router, routes: [{ recipients: [ann@example.org], to: ${tee} }, { to: ${next.delivery} }] }`,
    arrived: async (name, count) => {
      if (name === 'bob') return next.arrived(name, count);
      const mails = await store.arrived(name, count);
      expect(stored(copies).map(bare)).toEqual(mails);
      return mails;
    },
    stop: async () => {
      await Promise.all([store.stop(), next.stop()]);
    },
  };
};

const ALL = { Maildir: maildir, LMTP: lmtp, relay: postfix('relay'), proxy: postfix('proxy'), webhook, composed };

it.each<[keyof typeof ALL, keyof typeof ALL]>([
  ['Maildir', 'LMTP'],
  ['LMTP', 'relay'],
  ['relay', 'proxy'],
  ['proxy', 'webhook'],
  ['webhook', 'composed'],
  ['composed', 'Maildir'],
])('from %s to %s', async (before, after) => {
  const path = folder();
  chmodSync(path, 0o755);
  const opened: Destination[] = [];
  const open = async (what: keyof typeof ALL): Promise<Destination> => {
    const destination = await ALL[what](subfolder(path, what));
    opened.push(destination);
    return destination;
  };
  try {
    const [from, to] = [await open(before), await open(after)];
    const port = await freePort();
    const server = await MailServer.start(path, configuration(from, port));
    await expectMail(port, from);

    const file = join(path, 'mailverb.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace(from.delivery, to.delivery));
    kill(server.child, 'SIGHUP');
    await reloaded(server);
    await expectMail(port, to);
    // And nothing more there.
    for (const name of USERS) expect(await from.arrived(name, 1)).toHaveLength(1);
    expect(await server.stop()).toBe(0);
  } finally {
    for (const destination of opened) await destination.stop();
  }
});

const configuration = ({ delivery }: Destination, port: number): string => `hostname: mx.example.org
logger: { use: pino, level: info }
policies: [{ use: recipients, domains: [example.org], users: [ann, bob] }]
delivery: ${delivery}
listeners: [{ name: mx, port: ${port} }]
`;

/** Complete, so that no mail server has to add anything. */
const MESSAGE = [
  'Date: Wed, 25 Nov 2026 08:00:00 +0000',
  'Message-Id: <swap@example.net>',
  'From: <me@example.net>',
  'To: <you@example.org>',
  'Subject: swap',
  '',
  'Hello',
  '.dot',
  '',
].join('\r\n');

/** The same message to both users, by swaks; each gets it, and who does not exist is told so, wherever mail goes. */
async function expectMail(port: number, to: Destination): Promise<void> {
  const envelope = ['--from', 'me@example.net', '--to', 'ann@example.org,eve@example.org,bob@example.org'];
  const args = ['--server', '127.0.0.1', '--port', `${port}`, ...envelope, '--data', '-'];
  // It ends the last line itself.
  const { stdout } = await succeed(peer('swaks'), args, { input: MESSAGE.trimEnd() });
  expect(stdout).toContain('<** 550 5.1.1 no such user\n');
  for (const name of USERS) expect(await to.arrived(name, 1)).toEqual([MESSAGE]);
}

async function reloaded(server: MailServer): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!server.logged().includes('the configuration was read again and is in use')) {
    if (Date.now() > deadline) throw new Error(`it was not read again:\n${server.logged()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const TRACE = new Set(['Return-Path', 'Delivered-To', 'X-Original-To', 'Received']);

/** A message as it was sent. */
function bare(mail: string | Buffer): string {
  let bytes = Buffer.from(mail.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1');
  for (;;) {
    const name = bytes.toString('latin1', 0, bytes.indexOf(':'));
    if (!TRACE.has(name)) return bytes.toString('latin1');
    bytes = Buffer.from(field(bytes, name).rest);
  }
}

function subfolder(path: string, name: string): string {
  const made = join(path, name);
  mkdirSync(made);
  chmodSync(path, 0o755);
  return made;
}
