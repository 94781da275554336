/** The policy call-ahead before a peer on a real socket. */
import type { RcptInput, Store, Verdict } from '@mailverb/contract';
import {
  FakeClock,
  SystemClock,
  contributionsOf,
  describePolicy,
  recordingLogger,
  scriptedPeer,
  testEnvelope,
  testMailbox,
  testSession,
  type LogLine,
  type ScriptedPeer,
} from '@mailverb/testing';
import { callAheadOptions } from './call-ahead.options.js';
import { CallAheadPolicy } from './call-ahead.policy.js';
import { callAheadPlugin } from './plugin.js';

const PLAIN = { mode: 'none' } as const;

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

/** A store whose time is the test's. */
class TimedStore implements Store {
  readonly clock = new FakeClock();
  readonly entries = new Map<string, { readonly value: Uint8Array; readonly until: number }>();

  get(key: string): Uint8Array | undefined {
    const entry = this.entries.get(key);
    return entry === undefined || entry.until <= this.clock.now() ? undefined : entry.value;
  }

  set(key: string, value: Uint8Array, ttlMs: number): void {
    this.entries.set(key, { value, until: this.clock.now() + ttlMs });
  }

  update(): never {
    throw new Error('nobody needs that here');
  }

  delete(key: string): void {
    this.entries.delete(key);
  }
}

async function peerOf(options: Parameters<typeof scriptedPeer>[0] = {}): Promise<ScriptedPeer> {
  const peer = await scriptedPeer({
    replies: {
      rcpt: (path) =>
        path.startsWith('no') ? '550 5.1.1 not here' : path.startsWith('full') ? '452 4.2.2 full' : undefined,
    },
    ...options,
  });
  open.push(() => peer.close());
  return peer;
}

async function asking(
  peer: { readonly host: string; readonly port: number },
  options: object = {},
  log: LogLine[] = [],
) {
  const store = new TimedStore();
  const parsed = callAheadOptions.parse({
    host: peer.host,
    port: peer.port,
    domains: ['example.org'],
    tls: PLAIN,
    timeouts: { connect: '500ms', greeting: '300ms', hello: '300ms', mail: '300ms', rcpt: '300ms' },
    ...options,
  });
  const policy = new CallAheadPolicy(parsed, store, new SystemClock(), recordingLogger(log));
  await policy.start();
  open.push(() => policy.stop());
  return { policy, store };
}

const about = (address: string, envelope = testEnvelope()): RcptInput => ({
  session: testSession(),
  envelope,
  mailbox: testMailbox(address),
  parameters: {},
});
const said = (verdict: Verdict): string =>
  'reply' in verdict ? `${verdict.kind} ${String(verdict.reply)}` : verdict.kind;
const asked = (peer: ScriptedPeer): readonly string[] => peer.lines.filter((line) => /^(?:MAIL|RCPT)/.test(line));

describePolicy(
  'call-ahead',
  () =>
    new CallAheadPolicy(
      callAheadOptions.parse({ host: '127.0.0.1', port: 1, domains: ['test.example'], tls: PLAIN }),
      new TimedStore(),
      new SystemClock(),
      recordingLogger([]),
    ),
  { stages: ['rcpt'] },
);

describe('call-ahead', () => {
  it('takes whom the server takes, and refuses and defers whom it does, in its words', async () => {
    const peer = await peerOf();
    const { policy } = await asking(peer);
    const verdicts = [];
    for (const to of ['ann@example.org', 'no@example.org', 'full@example.org', 'no@elsewhere.example']) {
      verdicts.push(said(await policy.rcpt(about(to))));
    }
    expect(verdicts).toEqual(['accept', 'reject 550 5.1.1 not here', 'defer 452 4.2.2 full', 'pass']);
    expect(asked(peer)[0]).toBe('MAIL FROM:<>');
    expect(peer.messages).toEqual([]);
  });

  it('vouches for nobody where that is not wanted', async () => {
    const { policy } = await asking(await peerOf(), { accept: false });
    expect(said(await policy.rcpt(about('ann@example.org')))).toBe('pass');
    expect(said(await policy.rcpt(about('no@example.org')))).toBe('reject 550 5.1.1 not here');
  });

  it('keeps a yes for a day and a no for ten minutes, and what was deferred not at all', async () => {
    const peer = await peerOf();
    const { policy, store } = await asking(peer);
    const ask = async () => {
      const before = asked(peer).length;
      const verdicts = [];
      for (const to of ['ann@example.org', 'no@example.org', 'full@example.org'])
        verdicts.push(said(await policy.rcpt(about(to))));
      expect(verdicts).toEqual(['accept', 'reject 550 5.1.1 not here', 'defer 452 4.2.2 full']);
      return (asked(peer).length - before) / 2;
    };
    expect(await ask()).toBe(3);
    expect(await ask()).toBe(1);
    await store.clock.advance(600_000);
    expect(await ask()).toBe(2);
    await store.clock.advance(86_400_000);
    expect(await ask()).toBe(3);
  });

  it('asks once where many want to know the same', async () => {
    const peer = await peerOf();
    const { policy } = await asking(peer);
    const verdicts = await Promise.all(Array.from({ length: 20 }, () => policy.rcpt(about('ann@example.org'))));
    expect(new Set(verdicts.map(said))).toEqual(new Set(['accept']));
    expect(asked(peer)).toHaveLength(2);
  });

  it('asks as the sender where that is wanted, and keeps answers apart by it', async () => {
    const peer = await peerOf();
    const { policy } = await asking(peer, { sender: 'original' });
    await policy.rcpt(about('ann@example.org', testEnvelope({ reversePath: testMailbox('a@x.example') })));
    await policy.rcpt(about('ann@example.org', testEnvelope({ reversePath: testMailbox('b@x.example') })));
    expect(asked(peer).filter((line) => line.startsWith('MAIL'))).toEqual([
      'MAIL FROM:<a@x.example>',
      'MAIL FROM:<b@x.example>',
    ]);
  });

  it.each([
    ['is down', { listening: false }],
    ['greets nobody', { replies: { greeting: '554 5.7.1 no' } }],
    // It says nothing about the recipient.
    ['does not take our MAIL', { replies: { mail: '550 5.7.1 not you' } }],
    ['says nothing', { fault: { at: 'rcpt', what: 'stall' } }],
    ['is gone', { fault: { at: 'rcpt', what: 'reset' } }],
  ] as const)('defers where the server %s (attack A26)', async (_, options) => {
    const log: LogLine[] = [];
    const { policy } = await asking(await peerOf(options), {}, log);
    expect(said(await policy.rcpt(about('ann@example.org')))).toMatch(/^defer 451 4\./);
    expect(log.map(({ level }) => level)).toContain('warn');
  });

  it('asks again on a new connection where the old one has gone', async () => {
    const peer = await peerOf();
    const { policy } = await asking(peer);
    await policy.rcpt(about('ann@example.org'));
    peer.fault = { at: 'mail', what: 'close', connection: 1 };
    expect(said(await policy.rcpt(about('bob@example.org')))).toBe('accept');
    expect(peer.opened).toBe(2);
  });

  it('leaves no connection behind', async () => {
    const peer = await peerOf();
    const { policy } = await asking(peer);
    await policy.rcpt(about('ann@example.org'));
    await policy.stop();
    await peer.allClosed();
  });
});

describe('the plugin', () => {
  it('contributes the policy', () => {
    expect(contributionsOf(callAheadPlugin)).toEqual([{ kind: 'policy', name: 'call-ahead', value: CallAheadPolicy }]);
  });

  it.each<object>([
    {},
    { host: 'a' },
    { domains: ['example.org'] },
    { host: 'a', domains: ['example.org'], sender: 'me' },
  ])('refuses %j', (options) => {
    expect(callAheadOptions.safeParse(options).success).toBe(false);
  });
});
