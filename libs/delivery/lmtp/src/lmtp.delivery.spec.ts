/** The delivery lmtp before a peer on a real socket: a reply for each recipient, over TCP and unix sockets. */
import {
  PemFolder,
  SystemClock,
  contributionsOf,
  deliver,
  describeDelivery,
  describeRemoteDelivery,
  nextHopOptions,
  recordingLogger,
  scriptedPeer,
  type LogLine,
  type ScriptedPeer,
} from '@mailverb/testing';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LmtpDelivery } from './lmtp.delivery.js';
import { lmtpOptions } from './lmtp.options.js';
import { lmtpPlugin } from './plugin.js';

const MESSAGE = Buffer.from('Subject: hi\r\n\r\n.dot\r\n', 'latin1');
const TO = ['ann@example.org', 'bob@example.org', 'cat@example.org'];
const PLAIN = { mode: 'none' } as const;

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function peerOf(options: Parameters<typeof scriptedPeer>[0] = {}): Promise<ScriptedPeer> {
  const peer = await scriptedPeer({ protocol: 'lmtp', ...options });
  open.push(() => peer.close());
  return peer;
}

async function lmtp(options: object, log: LogLine[] = []): Promise<LmtpDelivery> {
  const parsed = lmtpOptions.parse({ tls: PLAIN, timeouts: { final: '1s' }, ...options });
  const strategy = new LmtpDelivery(parsed, new SystemClock(), recordingLogger(log));
  await strategy.start();
  open.push(() => strategy.stop());
  return strategy;
}

for (const keywords of [['PIPELINING', '8BITMIME'], ['CHUNKING']]) {
  describeDelivery(
    `lmtp to a server that offers ${keywords.join(' and ')}`,
    async () => {
      const peer = await scriptedPeer({ protocol: 'lmtp', keywords });
      const parsed = lmtpOptions.parse({ host: peer.host, port: peer.port, tls: PLAIN });
      return {
        strategy: new LmtpDelivery(parsed, new SystemClock(), recordingLogger([])),
        stored: async () => peer.messages.map((message) => message.bytes),
        leftovers: async () => peer.violations,
        cleanup: () => peer.close(),
      };
    },
    { content: 'lines' },
  );
}

const certificates = new PemFolder();
afterAll(() => certificates.remove());

for (const keywords of [
  ['PIPELINING', '8BITMIME'],
  ['PIPELINING', '8BITMIME', 'CHUNKING'],
]) {
  describeRemoteDelivery(
    `LmtpDelivery to a peer that offers ${keywords.at(-1)}`,
    async (target) => {
      const strategy = new LmtpDelivery(
        lmtpOptions.parse(nextHopOptions(target, certificates)),
        new SystemClock(),
        recordingLogger([]),
      );
      await strategy.start();
      return strategy;
    },
    { keywords, auth: true, protocol: 'lmtp' },
  );
}

describe('LMTP', () => {
  it.each([[['PIPELINING']], [['CHUNKING']], [[]]])('gives each recipient its own answer (%j)', async (keywords) => {
    const peer = await peerOf({
      keywords,
      replies: {
        rcpt: (path) => (path === 'cat@example.org' ? '550 5.1.1 nobody' : undefined),
        final: (path) => (path === 'bob@example.org' ? '452 4.2.2 mailbox full' : '250 2.1.5 kept'),
      },
    });
    const sent = await deliver(await lmtp({ host: peer.host, port: peer.port }), TO, MESSAGE);
    expect([...sent.refused].map(([address, reply]) => `${address} ${String(reply)}`)).toEqual([
      'cat@example.org 550 5.1.1 nobody',
    ]);
    expect(sent.outcomes.map(({ recipient, reply }) => `${recipient.mailbox.address} ${String(reply)}`)).toEqual([
      'ann@example.org 250 2.1.5 kept',
      'bob@example.org 452 4.2.2 mailbox full',
    ]);
    expect(peer.lines[0]).toBe('LHLO mx.test.example');
    expect(peer.messages.map(({ to, bytes }) => [to.map(({ path }) => path), bytes.toString()])).toEqual([
      [['ann@example.org'], MESSAGE.toString()],
    ]);
  });

  it('defers those whose answer was lost, and only those', async () => {
    let answers = 0;
    const peer = await peerOf({
      replies: { final: () => (answers++ === 0 ? '250 2.0.0 kept' : '421 4.3.2 going down') },
    });
    const sent = await deliver(await lmtp({ host: peer.host, port: peer.port }), TO, MESSAGE);
    expect(sent.outcomes.map(({ reply }) => reply.code)).toEqual([250, 451, 451]);
  });

  it('goes over a unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mailverb-lmtp-'));
    open.push(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'lmtp');
    const peer = await peerOf({ path });
    const strategy = await lmtp({ path });
    for (let i = 0; i < 3; i++)
      expect((await deliver(strategy, TO, MESSAGE)).outcomes.map(({ reply }) => reply.code)).toEqual([250, 250, 250]);
    expect(peer.opened).toBe(1);
  });

  it('defers, and says so in the log, where nobody listens', async () => {
    const log: LogLine[] = [];
    const strategy = await lmtp({ path: join(tmpdir(), 'mailverb-nobody-listens') }, log);
    const sent = await deliver(strategy, TO.slice(0, 1), MESSAGE).catch((error: unknown) => error);
    expect(JSON.stringify(log)).toContain('ENOENT');
    expect(sent).toBeDefined();
  });

  it('never says HELO: without LHLO nobody has said that there is a reply for each', async () => {
    const peer = await peerOf({ replies: { hello: '500 5.5.1 what' } });
    const strategy = await lmtp({ host: peer.host, port: peer.port });
    await deliver(strategy, TO, MESSAGE).catch(() => undefined);
    expect(peer.lines.some((line) => line.startsWith('HELO') || line.startsWith('MAIL'))).toBe(false);
  });
});

describe('the plugin', () => {
  it('contributes the strategy lmtp', () => {
    expect(contributionsOf(lmtpPlugin)).toEqual([{ kind: 'delivery', name: 'lmtp', value: LmtpDelivery }]);
  });

  it.each<object>([{}, { host: 'a', path: '/b' }, { host: 'a', hosts: [] }, { path: '' }])('refuses %j', (options) => {
    expect(lmtpOptions.safeParse(options).success).toBe(false);
  });
});
