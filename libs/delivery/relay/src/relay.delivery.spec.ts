/** The delivery relay before a peer on a real socket: what is sent on, which connection it goes over, and what is said when something is wrong. */
import {
  PemFolder,
  SystemClock,
  contributionsOf,
  deliver,
  describeDelivery,
  describeRemoteDelivery,
  nextHopOptions,
  openDelivery,
  recordingLogger,
  scriptedPeer,
  testSession,
  type LogLine,
  type ScriptedPeer,
} from '@mailverb/testing';
import { relayPlugin } from './plugin.js';
import { RelayDelivery } from './relay.delivery.js';
import { relayOptions } from './relay.options.js';

type Input = Parameters<typeof relayOptions.parse>[0];

const QUICK = {
  connect: '1s',
  greeting: '1s',
  hello: '1s',
  mail: '1s',
  rcpt: '1s',
  data: '1s',
  body: '1s',
  final: '1s',
};
const PLAIN = { mode: 'none' } as const;
const TO = ['ann@example.org'];
const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const MESSAGE = bytes('Subject: hi\r\n\r\n.dot\r\n');

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function peerOf(options: Parameters<typeof scriptedPeer>[0] = {}): Promise<ScriptedPeer> {
  const peer = await scriptedPeer(options);
  open.push(() => peer.close());
  return peer;
}

async function relay(options: Input, log: LogLine[] = []): Promise<RelayDelivery> {
  const parsed = relayOptions.parse({ tls: PLAIN, timeouts: QUICK, ...(options as object) });
  const strategy = new RelayDelivery(parsed, new SystemClock(), recordingLogger(log));
  await strategy.start();
  open.push(() => strategy.stop());
  return strategy;
}

const said = ({ outcomes }: { readonly outcomes: readonly { readonly reply: object }[] }): string[] =>
  outcomes.map(({ reply }) => String(reply));

for (const keywords of [['PIPELINING', '8BITMIME'], ['PIPELINING', 'CHUNKING'], []]) {
  describeDelivery(
    `relay to a server that offers ${keywords.join(' and ') || 'nothing'}`,
    async () => {
      const peer = await scriptedPeer({ keywords: [...keywords, 'SIZE'] });
      const strategy = new RelayDelivery(
        relayOptions.parse({ host: peer.host, port: peer.port, tls: PLAIN, timeouts: QUICK }),
        new SystemClock(),
        recordingLogger([]),
      );
      return {
        strategy,
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
    `RelayDelivery to a peer that offers ${keywords.at(-1)}`,
    async (target) => {
      const strategy = new RelayDelivery(
        relayOptions.parse(nextHopOptions(target, certificates)),
        new SystemClock(),
        recordingLogger([]),
      );
      await strategy.start();
      return strategy;
    },
    { keywords, auth: true },
  );
}

describe('what the relay says, and to whom', () => {
  it('our reply is the next hop’s, to recipients and to the message', async () => {
    const peer = await peerOf({
      replies: {
        rcpt: (path) => (path === 'no@example.org' ? '550 5.1.1 not here' : '250 2.1.5 welcome'),
        final: ['250-2.0.0 queued', '250 2.0.0 as 42'],
      },
    });
    const sent = await deliver(await relay({ host: peer.host, port: peer.port }), ['no@example.org', ...TO], MESSAGE);
    expect(String(sent.refused.get('no@example.org'))).toBe('550 5.1.1 not here');
    expect(sent.outcomes.map(({ reply }) => reply.lines)).toEqual([['queued', 'as 42']]);
    expect(peer.messages.map(({ text, to }) => [text, to.map(({ path }) => path)])).toEqual([
      [Buffer.from(MESSAGE).toString(), TO],
    ]);
    expect(peer.lines.slice(0, 3)).toEqual([
      'EHLO mx.test.example',
      'MAIL FROM:<sender@test.example>',
      'RCPT TO:<no@example.org>',
    ]);
  });

  it.each([
    ['mail', '550 5.7.1 not you', '550 5.7.1 not you'],
    ['mail', '451 4.3.0 later', '451 4.3.0 later'],
    ['rcpt', '452 4.2.2 full', '452 4.2.2 full'],
    ['rcpt', '550 no', '550 5.0.0 no'],
    // Our session does not end with theirs.
    ['rcpt', '421 4.3.2 going down', '451 4.3.2 going down'],
    ['rcpt', '354 what', '451 4.5.0 next hop makes no sense, try again later'],
    ['greeting', '554 5.7.1 no', '451 4.4.1 next hop takes no mail now, try again later'],
    ['hello', '421 4.3.2 no', '451 4.4.1 next hop takes no mail now, try again later'],
  ])('to a recipient, where %s is answered %j: %s', async (step, answer, expected) => {
    const peer = await peerOf({ replies: { [step]: answer } });
    const sent = await openDelivery(await relay({ host: peer.host, port: peer.port }), TO);
    expect(String(sent.refused.get('ann@example.org'))).toBe(expected);
  });

  it('asks for the next recipient nothing that MAIL has answered for all', async () => {
    const peer = await peerOf({ replies: { mail: '550 5.7.1 not you' } });
    const sent = await openDelivery(await relay({ host: peer.host, port: peer.port }), [...TO, 'bob@example.org']);
    expect([...sent.refused.values()].map(String)).toEqual(['550 5.7.1 not you', '550 5.7.1 not you']);
    expect(peer.lines.filter((line) => line.startsWith('MAIL'))).toHaveLength(1);
  });

  it.each([
    ['data', '451 4.3.0 later', 451],
    ['data', '554 5.6.0 no', 554],
    ['final', '554 5.7.1 spam', 554],
    ['final', '452 4.3.1 full', 452],
  ])('to the message, where %s is answered %j', async (step, answer, code) => {
    const peer = await peerOf({ replies: { [step]: answer } });
    const strategy = await relay({ host: peer.host, port: peer.port });
    const codes = await deliver(strategy, TO, MESSAGE).then(
      (sent) => sent.outcomes.map(({ reply }) => reply.code),
      (error: { reply: { code: number } }) => [error.reply.code],
    );
    expect(codes).toEqual([code]);
    expect(peer.messages).toEqual([]);
  });

  it('defers, with a line in the log, what the next hop may have when the connection is lost at the end', async () => {
    const log: LogLine[] = [];
    const peer = await peerOf({ fault: { at: 'final', what: 'reset' } });
    const sent = await deliver(await relay({ host: peer.host, port: peer.port }, log), TO, MESSAGE);
    expect(said(sent)).toEqual([
      '451 4.4.2 connection to the next hop was lost at the end of the message, try again later',
    ]);
    expect(log.map(({ message }) => message)).toEqual([
      'next hop: lost after the end of a message: it may have it, and the sender will send it again',
    ]);
  });

  it('lets no bare newline out (attack A2), and the next hop has nothing of such a message', async () => {
    for (const keywords of [['CHUNKING'], []]) {
      const peer = await peerOf({ keywords });
      const strategy = await relay({ host: peer.host, port: peer.port });
      await expect(deliver(strategy, TO, bytes('a\n.\r\nMAIL FROM:<x@example.org>\r\n'))).rejects.toMatchObject({
        reply: { code: 550, enhanced: '5.6.0' },
      });
      expect(peer.messages).toEqual([]);
      expect(peer.violations).toEqual([]);
    }
  });

  it('says HELO where EHLO is not known', async () => {
    let hellos = 0;
    const peer = await peerOf({ replies: { hello: () => (hellos++ === 0 ? '500 5.5.1 what' : undefined) } });
    const strategy = await relay({ host: peer.host, port: peer.port, name: 'out.example.org' });
    expect(said(await deliver(strategy, TO, MESSAGE))[0]).toMatch(/^250/);
    expect(peer.lines.slice(0, 2)).toEqual(['EHLO out.example.org', 'HELO out.example.org']);
    expect(peer.violations).toEqual([]);
  });
});

describe('connections of the relay', () => {
  it('are used again, one for messages that come one after another', async () => {
    const peer = await peerOf();
    const strategy = await relay({ host: peer.host, port: peer.port });
    for (let i = 0; i < 5; i++) await deliver(strategy, TO, MESSAGE);
    expect(peer.opened).toBe(1);
    expect(peer.messages).toHaveLength(5);
    expect(peer.lines.filter((line) => line === 'RSET')).toEqual([]);
    await strategy.stop();
    await peer.allClosed();
    expect(peer.lines.at(-1)).toBe('QUIT');
  });

  it('are not used for more messages than allowed, nor kept where they are not to be', async () => {
    const peer = await peerOf();
    const strategy = await relay({ host: peer.host, port: peer.port, pool: { messages: 2 } });
    for (let i = 0; i < 4; i++) await deliver(strategy, TO, MESSAGE);
    expect(peer.opened).toBe(2);
    const other = await relay({ host: peer.host, port: peer.port, pool: { idle: 0 } });
    for (let i = 0; i < 2; i++) await deliver(other, TO, MESSAGE);
    expect(peer.opened).toBe(4);
  });

  it('are closed when nobody has used them for a while', async () => {
    const peer = await peerOf();
    const strategy = await relay({ host: peer.host, port: peer.port, pool: { idle: '20ms' } });
    await deliver(strategy, TO, MESSAGE);
    await peer.allClosed();
    expect(peer.lines.at(-1)).toBe('QUIT');
    expect(said(await deliver(strategy, TO, MESSAGE))).toHaveLength(1);
  });

  it('that the server has closed meanwhile cost nobody a message', async () => {
    const peer = await peerOf();
    const strategy = await relay({ host: peer.host, port: peer.port });
    await deliver(strategy, TO, MESSAGE);
    // It takes MAIL on the old connection for an occasion to go.
    peer.fault = { at: 'mail', what: 'close', connection: 1 };
    expect(said(await deliver(strategy, TO, MESSAGE))[0]).toMatch(/^250/);
    expect(peer.opened).toBe(2);
    expect(peer.messages).toHaveLength(2);
  });

  it('are so many and no more: who finds none free waits, and not for ever', async () => {
    const peer = await peerOf();
    const strategy = await relay({ host: peer.host, port: peer.port, pool: { connections: 1, wait: '50ms' } });
    const first = await openDelivery(strategy, TO);
    const second = openDelivery(strategy, TO);
    expect(String((await second).refused.get('ann@example.org'))).toBe(
      '451 4.3.2 too many messages for the next hop at once, try again later',
    );
    const third = openDelivery(strategy, TO);
    await first.transaction.abort('test');
    const free = await third;
    expect(free.taken).toHaveLength(1);
    await free.transaction.abort('test');
    expect(peer.opened).toBe(1);
  });

  it('are good for the next message after one that was given up', async () => {
    for (const keywords of [['PIPELINING'], ['PIPELINING', 'CHUNKING']]) {
      const peer = await peerOf({ keywords });
      const strategy = await relay({ host: peer.host, port: peer.port });
      const { transaction } = await openDelivery(strategy, TO);
      await transaction.abort('test');
      await deliver(strategy, TO, MESSAGE);
      expect(peer.opened).toBe(1);
      expect(peer.messages).toHaveLength(1);
    }
  });
});

describe('several next hops', () => {
  it('take turns', async () => {
    const peers = [await peerOf(), await peerOf()];
    const strategy = await relay({ hosts: peers.map(({ host, port }) => ({ host, port })) });
    for (let i = 0; i < 4; i++) await deliver(strategy, TO, MESSAGE);
    expect(peers.map(({ messages }) => messages.length)).toEqual([2, 2]);
  });

  it('are tried by priority, and the next one where one is down, refuses or defers MAIL', async () => {
    const down = await peerOf({ listening: false });
    const busy = await peerOf({ replies: { mail: '451 4.3.2 busy' } });
    const grumpy = await peerOf({ replies: { greeting: '554 5.7.1 no' } });
    const last = await peerOf();
    const hosts = [last, grumpy, busy, down].map(({ host, port }, i) => ({ host, port, priority: 10 - i }));
    const strategy = await relay({ hosts });
    for (let i = 0; i < 3; i++) expect(said(await deliver(strategy, TO, MESSAGE))[0]).toMatch(/^250/);
    expect(last.messages).toHaveLength(3);
    // The one that was down, and the one that greets nobody, rest for a while.
    expect(grumpy.opened).toBe(1);
  });

  it('do not get a message that the first has refused for good', async () => {
    const first = await peerOf({ replies: { mail: '550 5.7.1 not you' } });
    const second = await peerOf();
    const strategy = await relay({
      balance: 'first',
      hosts: [first, second].map(({ host, port }) => ({ host, port })),
    });
    expect(String((await openDelivery(strategy, TO)).refused.get('ann@example.org'))).toBe('550 5.7.1 not you');
    expect(second.opened).toBe(0);
  });

  it('that are all down defer', async () => {
    const peers = [await peerOf({ listening: false }), await peerOf({ listening: false })];
    const log: LogLine[] = [];
    const strategy = await relay({ hosts: peers.map(({ host, port }) => ({ host, port })) }, log);
    const sent = await openDelivery(strategy, TO);
    expect(String(sent.refused.get('ann@example.org'))).toBe('451 4.4.1 next hop can not be reached, try again later');
    expect(log.filter(({ level }) => level === 'warn').length).toBeGreaterThan(0);
  });
});

describe('TLS and AUTH of the relay', () => {
  const trusting = (peer: ScriptedPeer): string => certificates.file(peer.ca ?? '');
  const STARTTLS = ['PIPELINING', 'STARTTLS'];

  it.each(['required', 'opportunistic'] as const)(
    '%s: begins TLS where it is offered, and says hello again',
    async (mode) => {
      const peer = await peerOf({ keywords: STARTTLS });
      const strategy = await relay({ host: 'localhost', port: peer.port, tls: { mode, ca: trusting(peer) } });
      expect(said(await deliver(strategy, TO, MESSAGE))[0]).toMatch(/^250/);
      expect(peer.messages[0]?.encrypted).toBe(true);
      expect(peer.commands.filter(({ encrypted }) => !encrypted).map(({ line }) => line)).toEqual([
        'EHLO mx.test.example',
        'STARTTLS',
      ]);
    },
  );

  it('implicit: from the first octet', async () => {
    const peer = await peerOf({ implicitTls: true });
    const strategy = await relay({ host: 'localhost', port: peer.port, tls: { mode: 'implicit', ca: trusting(peer) } });
    expect(said(await deliver(strategy, TO, MESSAGE))[0]).toMatch(/^250/);
  });

  it('required: gives nothing to a server that offers no TLS any more (attack A5)', async () => {
    const peer = await peerOf({ keywords: ['PIPELINING'] });
    const strategy = await relay({ host: 'localhost', port: peer.port, tls: { mode: 'required' } });
    expect(String((await openDelivery(strategy, TO)).refused.get('ann@example.org'))).toBe(
      '451 4.7.5 no secure connection to the next hop, try again later',
    );
    expect(peer.lines).toEqual(['EHLO mx.test.example']);
  });

  it.each(['untrusted', 'other-name', 'expired', 'garbage', 'injected'] as const)(
    'required: gives nothing to one that is %s',
    async (tls) => {
      const peer = await peerOf({ keywords: STARTTLS, tls });
      const strategy = await relay({
        host: 'localhost',
        port: peer.port,
        tls: { mode: 'required', ca: trusting(peer) },
      });
      expect((await openDelivery(strategy, TO)).refused.get('ann@example.org')?.code).toBe(451);
      expect(peer.messages).toEqual([]);
      expect(peer.lines.some((line) => line.startsWith('MAIL'))).toBe(false);
    },
  );

  it.each(['untrusted', 'other-name', 'expired', 'garbage'] as const)(
    'opportunistic: delivers all the same to one that is %s',
    async (tls) => {
      const peer = await peerOf({ keywords: STARTTLS, tls });
      const strategy = await relay({ host: 'localhost', port: peer.port, tls: { mode: 'opportunistic' } });
      expect(said(await deliver(strategy, TO, MESSAGE))[0]).toMatch(/^250/);
      expect(peer.messages[0]?.encrypted).toBe(tls !== 'garbage');
    },
  );

  it.each(['PLAIN', 'LOGIN'])('proves who we are by %s', async (mechanism) => {
    const peer = await peerOf({ keywords: [...STARTTLS, `AUTH ${mechanism}`], users: new Map([['ann', 'secret']]) });
    const options = { host: 'localhost', port: peer.port, tls: { mode: 'required', ca: trusting(peer) } } as const;
    expect(
      said(await deliver(await relay({ ...options, auth: { user: 'ann', password: 'secret' } }), TO, MESSAGE))[0],
    ).toMatch(/^250/);
    expect(peer.messages[0]?.login).toBe('ann');
    const log: LogLine[] = [];
    const wrong = await relay({ ...options, auth: { user: 'ann', password: 'guessed-badly' } }, log);
    expect(String((await openDelivery(wrong, TO)).refused.get('ann@example.org'))).toBe(
      '451 4.7.8 next hop does not accept our credentials, try again later',
    );
    expect(JSON.stringify(log)).not.toContain('guessed-badly');
    expect(log.length).toBeGreaterThan(0);
  });

  it.each(['untrusted', 'trusted'] as const)(
    'says no password to a server whose certificate nobody checks (%s, attack A5)',
    async (tls) => {
      const peer = await peerOf({ keywords: [...STARTTLS, 'AUTH PLAIN LOGIN'], tls });
      const auth = { user: 'ann', password: 'secret' };
      const options = { host: 'localhost', port: peer.port, tls: { mode: 'opportunistic' } } as const;
      const strategy = await relay({ ...options, auth });
      expect((await openDelivery(strategy, TO)).refused.get('ann@example.org')?.enhanced).toBe('4.7.8');
      expect(peer.logins).toEqual([]);
      const allowed = await relay({ ...options, auth: { ...auth, allowPlaintext: true } });
      expect(said(await deliver(allowed, TO, MESSAGE))[0]).toMatch(/^250/);
    },
  );

  it('says no password in clear', async () => {
    const peer = await peerOf({ keywords: ['AUTH PLAIN LOGIN'] });
    const strategy = await relay({ host: peer.host, port: peer.port, auth: { user: 'ann', password: 'secret' } });
    expect((await openDelivery(strategy, TO)).refused.get('ann@example.org')?.enhanced).toBe('4.7.8');
    expect(peer.logins).toEqual([]);
    expect(peer.lines).toEqual(['EHLO mx.test.example']);
  });

  it('tells whom it speaks for, each client anew on one connection', async () => {
    const peer = await peerOf({ keywords: ['PIPELINING', 'XCLIENT NAME ADDR PORT PROTO HELO LOGIN'] });
    const strategy = await relay({ host: peer.host, port: peer.port, xclient: true });
    const identity = { name: 'ann', mechanism: 'PLAIN' };
    await deliver(strategy, TO, MESSAGE, { session: testSession({ remoteAddress: '192.0.2.7', identity }) });
    await deliver(strategy, TO, MESSAGE, { session: testSession({ remoteAddress: '192.0.2.7', identity }) });
    await deliver(strategy, TO, MESSAGE, {
      session: testSession({ remoteAddress: '2001:db8::9', heloName: 'other.example' }),
    });
    expect(peer.opened).toBe(1);
    expect(peer.lines.filter((line) => line.startsWith('XCLIENT'))).toEqual([
      'XCLIENT NAME=[UNAVAILABLE] ADDR=192.0.2.7 PORT=40000 PROTO=ESMTP HELO=client.test.example LOGIN=ann',
      // Who has not logged in is not whoever has before.
      'XCLIENT NAME=[UNAVAILABLE] ADDR=IPV6:2001:db8::9 PORT=40000 PROTO=ESMTP HELO=other.example LOGIN=[UNAVAILABLE]',
    ]);
    expect(peer.lines.filter((line) => line.startsWith('EHLO'))).toEqual([
      'EHLO mx.test.example',
      'EHLO client.test.example',
      'EHLO other.example',
    ]);
  });
});

describe('the plugin', () => {
  it('contributes the strategy relay', () => {
    expect(contributionsOf(relayPlugin)).toEqual([{ kind: 'delivery', name: 'relay', value: RelayDelivery }]);
  });

  it.each<object>([
    {},
    { host: 'a', hosts: [{ host: 'b' }] },
    { hosts: [] },
    { host: 'a', port: 0 },
    { host: 'a', tls: 'none' },
    { host: 'a', tls: { mode: 'maybe' } },
    { host: 'a', tls: { cert: 'x' } },
    { host: 'a', auth: { user: 'a' } },
    { host: 'a', auth: { user: 'a', password: 'b', tokenFile: 'c' } },
    { host: 'a', prot: 25 },
  ])('refuses %j', (options) => {
    expect(relayOptions.safeParse(options).success).toBe(false);
  });

  it('does not start with a certificate that is not there', async () => {
    const parsed = relayOptions.parse({ host: 'a', tls: { mode: 'required', ca: '/nowhere/ca.pem' } });
    await expect(new RelayDelivery(parsed, new SystemClock(), recordingLogger([])).start()).rejects.toThrow('ENOENT');
  });
});
