/** The live proxy: a whole server in memory before a peer on a real socket. */
import { use, type PluginUse } from '@mailverb/contract';
import {
  PemFolder,
  SystemClock,
  acceptEverybody,
  contributionsOf,
  deliver,
  describeDelivery,
  describeRemoteDelivery,
  nextHopOptions,
  openDelivery,
  plainVerbs,
  recordingLogger,
  scriptedPeer,
  testListener,
  testServer,
  testSession,
  type ScriptedPeer,
  type TestServer,
} from '@mailverb/testing';
import { offeredBehind } from './keywords.js';
import { readPlace } from './place.js';
import { proxyPlugin } from './plugin.js';
import { ProxyDelivery } from './smtp.delivery.js';
import { proxyOptions } from './smtp.options.js';

const PLAIN = { mode: 'none' } as const;

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function peerOf(options: Parameters<typeof scriptedPeer>[0] = {}): Promise<ScriptedPeer> {
  const peer = await scriptedPeer(options);
  open.push(() => peer.close());
  return peer;
}

async function strategyFor(peer: ScriptedPeer, options: object = {}): Promise<ProxyDelivery> {
  const parsed = proxyOptions.parse({ host: peer.host, port: peer.port, tls: PLAIN, ...options });
  const strategy = new ProxyDelivery(parsed, testListener(), new SystemClock(), recordingLogger([]));
  await strategy.start();
  open.push(() => strategy.stop());
  return strategy;
}

for (const keywords of [
  ['PIPELINING', '8BITMIME'],
  ['PIPELINING', 'CHUNKING'],
]) {
  describeDelivery(
    `proxy to a server that offers ${keywords.join(' and ')}`,
    async () => {
      const peer = await scriptedPeer({ keywords });
      const parsed = proxyOptions.parse({ host: peer.host, port: peer.port, tls: PLAIN });
      return {
        strategy: new ProxyDelivery(parsed, testListener(), new SystemClock(), recordingLogger([])),
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
    `ProxyDelivery to a peer that offers ${keywords.at(-1)}`,
    async (target) => {
      const strategy = new ProxyDelivery(
        proxyOptions.parse(nextHopOptions(target, certificates)),
        testListener(),
        new SystemClock(),
        recordingLogger([]),
      );
      await strategy.start();
      return strategy;
    },
    { keywords, auth: true },
  );
}

describe('what EHLO offers before a server', () => {
  const offer = async (peer: ScriptedPeer, options: object = {}) => {
    const strategy = await strategyFor(peer, options);
    const ours = ['PIPELINING', 'SIZE', '8BITMIME', 'SMTPUTF8', 'BINARYMIME', 'CHUNKING', 'DSN', 'STARTTLS', 'X-OURS'];
    return ours.flatMap((keyword) => {
      const argument = strategy.offers(keyword, keyword === 'SIZE' ? '5000' : undefined);
      return argument === false ? [] : [argument === undefined ? keyword : `${keyword} ${argument}`];
    });
  };

  it('is what both know, where it promises something about the message', async () => {
    expect(await offer(await peerOf({ keywords: ['8BITMIME', 'SIZE 1000'] }))).toEqual([
      'PIPELINING',
      'SIZE 1000',
      '8BITMIME',
      'CHUNKING',
      'STARTTLS',
      'X-OURS',
    ]);
    expect(await offer(await peerOf({ keywords: ['SMTPUTF8', 'DSN', 'SIZE 9000', 'BINARYMIME', 'CHUNKING'] }))).toEqual(
      ['PIPELINING', 'SIZE 5000', 'SMTPUTF8', 'BINARYMIME', 'CHUNKING', 'DSN', 'STARTTLS', 'X-OURS'],
    );
    // Binary data goes by BDAT or not at all.
    expect(await offer(await peerOf({ keywords: ['BINARYMIME'] }))).not.toContain('BINARYMIME');
  });

  it('is ours where that is wanted, or theirs is not known', async () => {
    expect(await offer(await peerOf({ keywords: [] }), { keywords: 'ours' })).toHaveLength(9);
    expect(await offer(await peerOf({ listening: false }))).toHaveLength(9);
    expect(offeredBehind(undefined, 'DSN', undefined)).toBeUndefined();
  });
});

describe('a server that proxies', () => {
  const relaying = async (
    peer: ScriptedPeer,
    options: object = {},
    plugins: readonly PluginUse[] = [],
  ): Promise<TestServer> => {
    const server = await testServer({
      plugins: [plainVerbs(), acceptEverybody(), ...plugins],
      delivery: use(proxyPlugin, { host: peer.host, port: peer.port, tls: PLAIN, ...options }),
    });
    open.push(() => server.stop());
    return server;
  };
  const greeted = async (server: TestServer, address = '192.0.2.1') => {
    const client = server.client({ remoteAddress: address });
    await client.reply();
    await client.command('EHLO client.example');
    return client;
  };

  it('says to each recipient and to the message what the server behind says', async () => {
    const peer = await peerOf({
      replies: {
        rcpt: (path) => (path === 'no@example.org' ? '550 5.1.1 not here' : '250 2.1.5 welcome'),
        final: '250 2.0.0 queued as 42',
      },
    });
    const client = await greeted(await relaying(peer));
    await client.command('MAIL FROM:<a@example.org>');
    expect(peer.lines.filter((line) => line.startsWith('MAIL'))).toEqual([]);
    expect(await client.command('RCPT TO:<no@example.org>')).toEqual({ code: 550, lines: ['not here'] });
    expect(await client.command('RCPT TO:<b@example.org>')).toEqual({ code: 250, lines: ['welcome'] });
    await client.command('DATA');
    expect(await client.command('Subject: x\r\n\r\n..dot\r\n.')).toEqual({ code: 250, lines: ['queued as 42'] });
    expect(peer.messages.map(({ text }) => text)).toEqual(['Subject: x\r\n\r\n.dot\r\n']);
  });

  it('keeps the codes and tells nothing of the words, where that is wanted', async () => {
    const peer = await peerOf({
      replies: {
        rcpt: (path) => (path === 'no@example.org' ? '550 5.1.1 not at db7.internal' : undefined),
        final: '250 2.0.0 queued at db7',
      },
    });
    const client = await greeted(await relaying(peer, { words: 'ours' }));
    await client.command('MAIL FROM:<a@example.org>');
    expect(await client.command('RCPT TO:<no@example.org>')).toEqual({ code: 550, lines: ['refused'] });
    await client.commands('RCPT TO:<b@example.org>', 'DATA');
    expect(await client.command('.')).toEqual({ code: 250, lines: ['Ok'] });
  });

  it('lets the next client have the connection, and the same client too', async () => {
    const peer = await peerOf();
    const server = await relaying(peer);
    for (let i = 0; i < 2; i++) {
      const client = await greeted(server);
      for (let j = 0; j < 2; j++)
        await client.commands('MAIL FROM:<a@example.org>', 'RCPT TO:<b@example.org>', 'DATA', '.');
      await client.command('QUIT');
    }
    expect(peer.messages).toHaveLength(4);
    expect(peer.opened).toBe(1);
  });

  it.each([1, 2] as const)(
    'tells who the client is by a PROXY header of version %d, on connections of its own',
    async (version) => {
      const peer = await peerOf({ proxy: true });
      const server = await relaying(peer, { proxyProtocol: version, keywords: 'ours' });
      for (const address of ['192.0.2.7', '2001:db8::9']) {
        const client = await greeted(server, address);
        for (let i = 0; i < 2; i++)
          await client.commands('MAIL FROM:<a@example.org>', 'RCPT TO:<b@example.org>', 'DATA', '.');
        await client.command('QUIT');
        client.stream.destroy();
        // Nobody else may be taken for that client: it ends with the session.
        await peer.allClosed();
      }
      expect(peer.messages.map(({ proxy }) => [proxy?.version, proxy?.source])).toEqual(
        version === 1
          ? [
              [1, '192.0.2.7'],
              [1, '192.0.2.7'],
              [1, expect.stringMatching(/^2001:/)],
              [1, expect.stringMatching(/^2001:/)],
            ]
          : [
              [2, '192.0.2.7'],
              [2, '192.0.2.7'],
              [2, expect.stringMatching(/^2001:/)],
              [2, expect.stringMatching(/^2001:/)],
            ],
      );
      expect(peer.opened).toBe(2);
    },
  );

  it('leaves nothing of a message whose client has gone', async () => {
    const peer = await peerOf();
    const server = await relaying(peer);
    const client = await greeted(server);
    await client.commands('MAIL FROM:<a@example.org>', 'RCPT TO:<b@example.org>', 'DATA');
    client.write('half a mess');
    client.reset();
    await server.stop();
    await peer.allClosed();
    expect(peer.messages).toEqual([]);
  });
});

describe('which server is behind', () => {
  const at = ({ host, port }: ScriptedPeer) => `${host}:${port}`;
  const choosing = async (choose: object, peer?: ScriptedPeer): Promise<ProxyDelivery> => {
    const parsed = proxyOptions.parse({
      choose,
      tls: PLAIN,
      ...(peer === undefined ? {} : { host: peer.host, port: peer.port }),
    });
    const strategy = new ProxyDelivery(parsed, testListener(), new SystemClock(), recordingLogger([]));
    await strategy.start();
    open.push(() => strategy.stop());
    return strategy;
  };
  const got = (peer: ScriptedPeer) => peer.messages.map(({ to }) => to.map(({ path }) => path));
  const MESSAGE = Buffer.from('Subject: x\r\n\r\nhi\r\n');

  it('is another for each recipient, by a table; each gets its own answer', async () => {
    const [one, two, rest] = [await peerOf(), await peerOf({ replies: { final: '452 4.2.2 full' } }), await peerOf()];
    const map = { 'example.org': at(one), 'bob@example.org': at(two) };
    const strategy = await choosing({ by: 'recipient', table: { map } }, rest);
    const sent = await deliver(strategy, ['ann@example.org', 'bob@example.org', 'cat@elsewhere.example'], MESSAGE);
    expect(sent.outcomes.map(({ reply }) => reply.code)).toEqual([250, 452, 250]);
    expect([got(one), got(two), got(rest)]).toEqual([[['ann@example.org']], [], [['cat@elsewhere.example']]]);
  });

  it('is none for whoever is in no table, where nobody is for the others', async () => {
    const peer = await peerOf();
    const strategy = await choosing({ by: 'recipient', table: { map: { 'example.org': at(peer) } } });
    const sent = await deliver(strategy, ['ann@example.org', 'cat@elsewhere.example'], MESSAGE);
    expect(String(sent.refused.get('cat@elsewhere.example'))).toBe('550 5.7.1 no mail server for this recipient');
    expect(got(peer)).toEqual([['ann@example.org']]);
  });

  it.each<[object, Partial<Parameters<typeof testSession>[0]>]>([
    [{ by: 'sender', table: { map: { 'test.example': 'PEER' } } }, {}],
    [{ by: 'client', table: { map: { '192.0.2.1': 'PEER' } } }, {}],
    [{ by: 'listener', table: { map: { test: 'PEER' } } }, {}],
    [{ by: 'identity', table: { map: { ann: 'PEER' } } }, { identity: { name: 'ann', mechanism: 'PLAIN' } }],
  ])('goes by %j', async (choose, session) => {
    const peer = await peerOf();
    const other = await peerOf();
    const strategy = await choosing(JSON.parse(JSON.stringify(choose).replace('PEER', at(peer))) as object, other);
    await deliver(strategy, ['ann@example.org'], MESSAGE, { session: testSession(session) });
    expect([got(peer).length, got(other).length]).toEqual([1, 0]);
  });

  it('is put off where the table can’t tell (attack A26)', async () => {
    const peer = await peerOf();
    const http = { url: `http://127.0.0.1:${peer.port}/{key}`, timeout: '1s' };
    await peer.refuse();
    const strategy = await choosing({ by: 'recipient', table: { http } }, peer);
    const sent = await openDelivery(strategy, ['ann@example.org']);
    expect(String(sent.refused.get('ann@example.org'))).toBe('451 4.3.0 local error, try again later');
  });

  it.each([
    ['mx.example.org', { host: 'mx.example.org', port: 25 }],
    ['192.0.2.1:2525', { host: '192.0.2.1', port: 2525 }],
    ['[2001:db8::1]:26', { host: '2001:db8::1', port: 26 }],
    ['mx.example.org:0', undefined],
    ['mx.example.org:99999', undefined],
    ['http://x', undefined],
    ['a b', undefined],
    ['', undefined],
  ])('is written as %j', (text, expected) => {
    expect(readPlace(text)).toEqual(expected);
  });
});

describe('the plugin', () => {
  it('contributes the strategy proxy', () => {
    expect(contributionsOf(proxyPlugin)).toEqual([{ kind: 'delivery', name: 'proxy', value: ProxyDelivery }]);
  });

  it.each<object>([
    {},
    { host: 'a', path: '/b' },
    { host: 'a', xclient: true, proxyProtocol: 1 },
    { host: 'a', proxyProtocol: 3 },
  ])('refuses %j', (options) => {
    expect(proxyOptions.safeParse(options).success).toBe(false);
  });
});
