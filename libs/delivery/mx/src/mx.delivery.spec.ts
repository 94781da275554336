/** The delivery mx, before a DNS server and a peer on loopback. How servers are found is in resolve.spec.ts. */
import {
  SystemClock,
  TestDnsServer,
  contributionsOf,
  deliver,
  describeDelivery,
  describeRemoteDelivery,
  openDelivery,
  recordingLogger,
  scriptedPeer,
  type DnsTable,
  type LogLine,
  type ScriptedPeer,
} from '@mailverb/testing';
import { MxDelivery } from './mx.delivery.js';
import { mxOptions } from './mx.options.js';
import { mxPlugin } from './plugin.js';

const PLAIN = { mode: 'none' } as const;
const MESSAGE = Buffer.from('Subject: hi\r\n\r\n.dot\r\n', 'latin1');
/** Nobody listens there. */
const NOWHERE = '127.0.0.9';
const HERE = '127.0.0.1';

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function peerOf(options: Parameters<typeof scriptedPeer>[0] = {}): Promise<ScriptedPeer> {
  const peer = await scriptedPeer(options);
  open.push(() => peer.close());
  return peer;
}

async function mx(table: DnsTable, port: number, options: object = {}, log: LogLine[] = []): Promise<MxDelivery> {
  const server = await TestDnsServer.start(table);
  open.push(() => server.stop());
  const parsed = mxOptions.parse({
    port,
    dns: { servers: [server.address] },
    allowPrivate: true,
    tls: PLAIN,
    ...options,
  });
  const strategy = new MxDelivery(parsed, new SystemClock(), recordingLogger(log));
  await strategy.start();
  open.push(() => strategy.stop());
  return strategy;
}

const ANYBODY: DnsTable = {
  'example.org': { MX: [[10, 'mx.example.org']] },
  'example.net': { MX: [[10, 'mx.example.org']] },
  'test.example': { MX: [[10, 'mx.example.org']] },
  'mx.example.org': { A: [HERE] },
};

describeDelivery(
  'mx',
  async () => {
    const peer = await scriptedPeer();
    const server = await TestDnsServer.start(ANYBODY);
    const parsed = mxOptions.parse({
      port: peer.port,
      dns: { servers: [server.address] },
      allowPrivate: true,
      tls: PLAIN,
    });
    return {
      strategy: new MxDelivery(parsed, new SystemClock(), recordingLogger([])),
      stored: async () => peer.messages.map((message) => message.bytes),
      leftovers: async () => peer.violations,
      cleanup: async () => {
        await peer.close();
        await server.stop();
      },
    };
  },
  { content: 'lines' },
);

describe('with a DNS server', () => {
  let server: TestDnsServer;
  beforeAll(async () => void (server = await TestDnsServer.start(ANYBODY)));
  afterAll(() => server.stop());

  describeRemoteDelivery(
    'mx',
    async ({ port, timeoutMs }) => {
      const steps = ['connect', 'greeting', 'hello', 'mail', 'rcpt', 'data', 'body', 'final'];
      const timeouts = Object.fromEntries(steps.map((step) => [step, `${timeoutMs}ms`]));
      const dns = { servers: [server.address] };
      const strategy = new MxDelivery(
        mxOptions.parse({ port, dns, timeouts, allowPrivate: true, tls: PLAIN }),
        new SystemClock(),
        recordingLogger([]),
      );
      await strategy.start();
      return strategy;
    },
    // Whoever a server is, no certificate says that it is the right one: that is another issue's (MTA-STS, DANE).
    { tls: false },
  );
});

describe('mx', () => {
  it('parts recipients by their servers, and each is answered by its own', async () => {
    const peer = await peerOf({
      replies: { rcpt: (path) => (path === 'no@b.example' ? '550 5.1.1 not here' : undefined) },
    });
    const strategy = await mx(
      {
        'a.example': { MX: [[10, 'one.example']] },
        'b.example': { MX: [[10, 'two.example']] },
        'c.example': { MX: [[5, 'one.example']] },
        'one.example': { A: [HERE] },
        'two.example': { A: [HERE] },
      },
      peer.port,
    );
    const sent = await deliver(strategy, ['x@a.example', 'y@b.example', 'no@b.example', 'z@a.example'], MESSAGE);
    expect(String(sent.refused.get('no@b.example'))).toBe('550 5.1.1 not here');
    expect(sent.outcomes.map(({ recipient, reply }) => `${recipient.mailbox.address} ${reply.code}`)).toEqual([
      'x@a.example 250',
      'y@b.example 250',
      'z@a.example 250',
    ]);
    expect(peer.messages.map(({ to }) => to.map(({ path }) => path)).toSorted()).toEqual([
      ['x@a.example', 'z@a.example'],
      ['y@b.example'],
    ]);
  });

  it('sends one message to servers that several domains share', async () => {
    const peer = await peerOf();
    const strategy = await mx(ANYBODY, peer.port);
    await deliver(strategy, ['a@example.org', 'b@example.net'], MESSAGE);
    expect(peer.messages.map(({ to }) => to.length)).toEqual([2]);
  });

  it('tries the servers in their order, and the addresses of one in a race', async () => {
    const peer = await peerOf();
    const table: DnsTable = {
      'example.org': {
        MX: [
          [20, 'backup.example'],
          [10, 'down.example'],
        ],
      },
      'down.example': { A: [NOWHERE] },
      'backup.example': { A: [NOWHERE, HERE] },
    };
    const log: LogLine[] = [];
    const strategy = await mx(table, peer.port, {}, log);
    for (let i = 0; i < 2; i++)
      expect((await deliver(strategy, ['a@example.org'], MESSAGE)).outcomes.map(({ reply }) => reply.code)).toEqual([
        250,
      ]);
    // The one that was down is not asked again at once.
    expect(log.filter(({ fields }) => fields['hop'] === `down.example:${peer.port}`)).toHaveLength(1);
  });

  it.each<[string, DnsTable, RegExp]>([
    ['nowhere.example', {}, /^550 5\.1\.2 /],
    ['null.example', { 'null.example': { MX: [[0, '']] } }, /^556 5\.1\.10 /],
    ['broken.example', { 'broken.example': 'SERVFAIL' }, /^451 4\.4\.3 /],
    ['us.example', { 'us.example': { MX: [[10, 'mx.test.example']] } }, /^554 5\.4\.6 /],
    ['down.example', { 'down.example': { A: [NOWHERE] } }, /^451 4\.4\.1 /],
  ])('refuses, or defers, mail to %s', async (domain, table, expected) => {
    const log: LogLine[] = [];
    const strategy = await mx(table, 1, {}, log);
    const sent = await openDelivery(strategy, [`a@${domain}`]);
    expect(String(sent.refused.get(`a@${domain}`))).toMatch(expected);
    expect(log.length).toBeGreaterThan(0);
  });

  it('lets nobody’s MX lead inside, unless that is wanted (attack A19)', async () => {
    const peer = await peerOf();
    const strategy = await mx(ANYBODY, peer.port, { allowPrivate: false });
    expect(String((await openDelivery(strategy, ['a@example.org'])).refused.get('a@example.org'))).toMatch(
      /^550 5\.4\.4 /,
    );
    expect(peer.opened).toBe(0);
  });

  it('encrypts where it can, and finds the name of no server wrong', async () => {
    const peer = await peerOf({ keywords: ['PIPELINING', 'STARTTLS'], tls: 'other-name' });
    const strategy = await mx(ANYBODY, peer.port, { tls: { mode: 'opportunistic' } });
    await deliver(strategy, ['a@example.org'], MESSAGE);
    expect(peer.messages[0]?.encrypted).toBe(true);
  });
});

describe('the plugin', () => {
  it('contributes the strategy mx', () => {
    expect(contributionsOf(mxPlugin)).toEqual([{ kind: 'delivery', name: 'mx', value: MxDelivery }]);
  });

  it('has no login for strangers, and refuses what it does not know', () => {
    expect(mxOptions.safeParse({}).success).toBe(true);
    expect(mxOptions.safeParse({ auth: { user: 'a', password: 'b' } }).success).toBe(false);
    expect(mxOptions.safeParse({ host: 'a' }).success).toBe(false);
  });
});
