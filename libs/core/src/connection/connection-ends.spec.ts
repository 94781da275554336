/** The ends of a connection: the client has ended its side, is gone, or the server goes down (attack A14). */
import { pass, type Outcome, type SessionRecord, type Verdict } from '@mailverb/contract';
import { reply } from '@mailverb/protocol';
import { gate, settle } from '../fixtures/clock.fixture.js';
import { codeOf } from '../fixtures/peer.fixture.js';
import { simple } from '../fixtures/verbs.fixture.js';
import { Scene } from '../fixtures/scene.fixture.js';

/** How each session ended, in order. */
function causes(scene: Scene): string[] {
  return scene.eventsOf('sessionClosed').map(([, record]) => (record as SessionRecord).cause);
}

/** Nothing is left of any session. */
async function expectNothingLeft(scene: Scene): Promise<void> {
  await scene.clock.pass(10_000);
  expect(scene.listener.connections.size).toBe(0);
  expect(scene.clock.pending).toBe(0);
}

describe('Connection, and the delivery that hears of its end', () => {
  it('tells it once, after the last transaction', async () => {
    const scene = new Scene();
    const told: unknown[] = [];
    Object.assign(scene.delivery, {
      sessionClosed: (session: unknown) => told.push([session, scene.delivery.log.at(-1)]),
    });
    const peer = await scene.transaction('b@example.org');
    const session = scene.eventsOf('sessionOpened')[0]?.[0];
    expect(told).toEqual([]);
    peer.stream.destroy();
    await settle(5);
    expect(told).toEqual([[session, 'abort']]);
    await expectNothingLeft(scene);
  });
});

describe('Connection, a client that has ended its side', () => {
  it('gets the answer that is still being worked on', async () => {
    const scene = new Scene();
    const commit = gate<readonly Outcome[]>();
    let made: readonly Outcome[] = [];
    scene.delivery.steps = { commit: (sound) => ((made = sound()), commit.promise) };
    const peer = await scene.transaction('b@example.org');
    await peer.codes('DATA');
    peer.stream.end('hello\r\n.\r\n');
    await settle();
    expect(scene.listener.connections.size).toBe(1);
    commit.open(made);
    expect((await peer.heard()).map(codeOf)).toEqual([250]);
    expect(peer.ended).toBe(true);
    expect(scene.delivery.log.at(-1)).toBe('commit');
    expect(causes(scene)).toEqual(['disconnect']);
    await expectNothingLeft(scene);
  });

  it('gets the answers to all that it sent, though policies think and it is slow to read', async () => {
    const scene = new Scene({
      limits: { commandsBeforeTransaction: 1_000_000 },
      policy: { mail: () => settle(1).then(() => pass()) },
    });
    const peer = scene.connect();
    await peer.codes('EHLO client');
    peer.stream.pause();
    const many = 'NOOP\r\n'.repeat(3000);
    peer.stream.end(`${many}MAIL FROM:<>\r\nRCPT TO:<b@example.org>\r\n${many}BDAT 5 LAST\r\nhelloQUIT\r\n`);
    await settle(50);
    expect(scene.delivery.messages).toEqual([]);
    peer.stream.resume();
    const lines: string[] = [];
    while (!peer.ended) lines.push(...(await peer.heard()));
    expect(lines).toHaveLength(6000 + 4);
    expect(lines.slice(-2)).toEqual(['250 2.0.0 Ok: kept', '221 2.0.0 bye']);
    expect(scene.delivery.messages).toEqual(['hello']);
    await expectNothingLeft(scene);
  });

  it('gets its refusal for a faulty chunk', async () => {
    const scene = new Scene({ policy: { mail: () => settle(1).then(() => pass()) } });
    const peer = scene.connect();
    await peer.codes('EHLO client');
    peer.stream.end('MAIL FROM:<>\r\nRCPT TO:<b@example.org>\r\nBDAT 3 LAST\r\na\nbNOOP\r\n');
    expect((await peer.heard()).map(codeOf)).toEqual([250, 250, 550, 250]);
    expect(peer.ended).toBe(true);
  });

  it('within mail data has sent no message', async () => {
    const scene = new Scene();
    const peer = await scene.transaction('b@example.org');
    await peer.codes('DATA');
    peer.stream.end('hello\r\n.\r');
    await settle();
    expect(scene.delivery.log.slice(-2)).toEqual(['body', 'abort']);
    expect(scene.delivery.messages).toEqual([]);
    expect(peer.ended).toBe(true);
    await expectNothingLeft(scene);
  });
});

describe('Connection, a client that is gone', () => {
  it('within mail data: the delivery is aborted, and its reader is told', async () => {
    const scene = new Scene();
    let failure: unknown;
    scene.delivery.steps = {
      body: async (_body, sound) => {
        try {
          await sound();
        } catch (error) {
          failure = error;
          throw error;
        }
      },
    };
    const peer = await scene.transaction('b@example.org');
    await peer.codes('DATA', 'hello');
    peer.stream.reset();
    await settle();
    expect(failure).toMatchObject({ name: 'BodyAborted' });
    expect(scene.delivery.log.at(-1)).toBe('abort');
    expect(scene.eventsOf('faultCaught')).toEqual([]);
    expect(causes(scene)).toEqual(['disconnect']);
    await expectNothingLeft(scene);
  });

  it('after its message, before the delivery has stored it: it is not committed', async () => {
    const scene = new Scene();
    const storing = gate<void>();
    scene.delivery.steps = { body: async (_body, sound) => (await sound(), storing.promise) };
    const peer = await scene.transaction('b@example.org');
    await peer.codes('DATA', 'hello\r\n.');
    peer.stream.reset();
    await settle();
    storing.open();
    await settle();
    expect(scene.delivery.log.slice(-2)).toEqual(['body', 'abort']);
    expect(scene.delivery.messages).toEqual([]);
    await expectNothingLeft(scene);
  });

  it('while the policies think about its message: it is not committed', async () => {
    const thinking = gate<Verdict>();
    const scene = new Scene({ policy: { message: () => thinking.promise } });
    const peer = await scene.transaction('b@example.org');
    await peer.codes('DATA', 'hello\r\n.');
    peer.stream.reset();
    await settle();
    thinking.open(pass());
    await settle();
    expect(scene.delivery.log.slice(-2)).toEqual(['body', 'abort']);
    expect(scene.eventsOf('transactionEnded')).toHaveLength(1);
    await expectNothingLeft(scene);
  });

  it('while its message is committed: nothing more is said, and the record tells what came of it', async () => {
    const scene = new Scene();
    const commit = gate<void>();
    scene.delivery.steps = { commit: (sound) => commit.promise.then(sound) as never };
    const peer = await scene.transaction('b@example.org');
    await peer.codes('DATA', 'hello\r\n.');
    const said = scene.eventsOf('replySent').length;
    peer.stream.reset();
    await settle();
    commit.open();
    await settle();
    expect(scene.eventsOf('transactionEnded').map(([, record]) => record)).toMatchObject([{ end: 'committed' }]);
    expect(scene.eventsOf('replySent')).toHaveLength(said);
    await expectNothingLeft(scene);
  });

  it.each(['begin', 'recipient'] as const)('while the delivery thinks at %s', async (step) => {
    const thinking = gate<void>();
    const scene = new Scene();
    scene.delivery.steps =
      step === 'begin'
        ? { begin: (sound) => thinking.promise.then(sound) }
        : { recipient: () => thinking.promise.then(() => undefined) };
    const peer = scene.connect();
    await peer.codes('EHLO client', 'MAIL FROM:<>', 'RCPT TO:<b@example.org>');
    const said = scene.eventsOf('replySent').length;
    peer.stream.reset();
    await settle();
    thinking.open();
    await settle();
    expect(scene.eventsOf('replySent')).toHaveLength(said);
    expect(scene.delivery.count('abort')).toBe(1);
    await expectNothingLeft(scene);
  });

  it('while a policy thinks: the verb is not performed any more', async () => {
    const thinking = gate<Verdict>();
    const performed = jest.fn(() => ({ reply: reply(250, '2.0.0', 'ok') }));
    const asking = simple('XASKED', performed, {
      question: (_params, session) => ({ stage: 'auth', input: { session, mechanism: 'x', identity: 'y' } }),
    });
    const scene = new Scene({ verbs: [asking], policy: { auth: () => thinking.promise } });
    const peer = scene.connect();
    await peer.send('XASKED\r\n');
    peer.stream.reset();
    await settle();
    thinking.open(pass());
    await settle();
    expect(performed).not.toHaveBeenCalled();
  });

  it.each(['helo', 'mail', 'rcpt', 'data'] as const)('while a policy thinks at %s', async (stage) => {
    const thinking = gate<Verdict>();
    const scene = new Scene({ policy: { [stage]: () => thinking.promise } });
    const peer = scene.connect();
    await peer.send('EHLO client\r\n');
    await peer.send('MAIL FROM:<>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n');
    peer.stream.reset();
    await settle();
    const said = scene.eventsOf('replySent').length;
    thinking.open(pass());
    await settle();
    expect(scene.eventsOf('replySent')).toHaveLength(said);
    expect(scene.delivery.count('begin')).toBe(scene.delivery.count('abort'));
    await expectNothingLeft(scene);
  });
});

describe('Connection, when the server goes down', () => {
  const GOODBYE = '421 4.3.2 server is shutting down';

  it.each([
    ['who waits for the greeting', []],
    ['who has said nothing', ['']],
    ['who is idle', ['EHLO client']],
    ['who is in the middle of a conversation', ['EHLO client', 'ASK']],
  ])('says goodbye to %s', async (_, lines) => {
    const scene = new Scene({ timeouts: { greetDelay: lines.length === 0 ? '5s' : '0s' } });
    const peer = scene.connect();
    await peer.codes(...lines.filter((line) => line !== ''));
    await peer.heard();
    const drained = scene.listener.drain();
    expect(await peer.heard()).toEqual([GOODBYE]);
    expect(peer.ended).toBe(true);
    peer.stream.end();
    await drained;
    expect(causes(scene)).toEqual(['shutdown']);
    await expectNothingLeft(scene);
  });

  it('lets a transaction come to its end first, and begins no other, pipelined or not', async () => {
    for (const behind of ['', 'MAIL FROM:<next@example.net>\r\nRCPT TO:<b@example.org>\r\n']) {
      const scene = new Scene();
      const peer = await scene.transaction('b@example.org');
      await peer.codes('DATA');
      const drained = scene.listener.drain();
      expect(await peer.heard()).toEqual([]);
      expect(await peer.send(`hello\r\n.\r\n${behind}`)).toEqual(['250 2.0.0 Ok: kept', GOODBYE]);
      expect(scene.delivery.messages).toEqual(['hello\r\n']);
      expect(scene.delivery.count('begin')).toBe(1);
      peer.stream.end();
      await drained;
    }
  });

  it('lets a client finish a group with QUIT', async () => {
    const scene = new Scene();
    const peer = await scene.transaction('b@example.org');
    void scene.listener.drain();
    expect((await peer.send('BDAT 2 LAST\r\nhiQUIT\r\n')).map(codeOf)).toEqual([250, 221]);
  });

  it('lets a policy answer before it says goodbye', async () => {
    const thinking = gate<Verdict>();
    const scene = new Scene({ policy: { helo: () => thinking.promise } });
    const peer = scene.connect();
    await peer.send('EHLO client\r\n');
    void scene.listener.drain();
    expect(await peer.heard()).toEqual([]);
    thinking.open(pass());
    expect((await peer.heard()).map(codeOf)).toEqual([250, 421]);
  });

  it('says goodbye to a client that does not read, and does not wait for it', async () => {
    const scene = new Scene({ limits: { commandsBeforeTransaction: 1_000_000 } });
    const peer = scene.connect();
    await peer.codes('EHLO client');
    peer.stream.pause();
    for (let i = 0; i < 100; i++) peer.stream.write('NOOP\r\n'.repeat(100));
    await settle(20);
    const drained = scene.listener.drain();
    await scene.clock.pass(10_000);
    await drained;
  });

  it('ends what does not end by itself when it is told to', async () => {
    const scene = new Scene();
    scene.delivery.steps = { commit: () => gate<readonly Outcome[]>().promise };
    const peer = await scene.transaction('b@example.org');
    await peer.codes('DATA', 'hello\r\n.');
    const drained = scene.listener.drain();
    await settle();
    scene.listener.destroy();
    await drained;
    expect(causes(scene)).toEqual(['shutdown']);
    expect(scene.delivery.signals[0]?.aborted).toBe(true);
  });
});

it.each([
  ['throws', () => wrong()],
  ['rejects', () => Promise.reject(new Error('wrong'))],
])(
  'Connection, a delivery that %s when a session ends costs nobody anything (attack A24)',
  async (_, sessionClosed) => {
    const scene = new Scene();
    Object.assign(scene.delivery, { sessionClosed });
    const peer = scene.connect();
    await peer.codes('EHLO client', 'QUIT');
    peer.stream.end();
    await settle();
    expect(causes(scene)).toEqual(['quit']);
    expect(scene.eventsOf('faultCaught')).toMatchObject([[{}, 'delivery', { message: 'wrong' }]]);
    expect(await scene.connect().heard()).toHaveLength(1);
  },
);

function wrong(): never {
  throw new Error('wrong');
}
