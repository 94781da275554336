/** Mail within a conversation: transactions, chunks, the reply after the data (attack A3). */
import {
  defer,
  delivered,
  pass,
  reject,
  type Effect,
  type Outcome,
  type TransactionRecord,
  type Verb,
  type VerbOutcome,
} from '@mailverb/contract';
import { reply } from '@mailverb/protocol';
import { codeOf, type Peer } from '../fixtures/peer.fixture.js';
import { Scene } from '../fixtures/scene.fixture.js';
import { simple, verb } from '../fixtures/verbs.fixture.js';

const OK = reply(250, '2.0.0', 'ok');
const OPEN = 'MAIL FROM:<a@example.net>\r\nRCPT TO:<b@example.org>\r\n';

async function greeted(scene: Scene): Promise<Peer> {
  const peer = scene.connect();
  await peer.codes('EHLO client');
  return peer;
}

/** The codes of what is answered to bytes sent at once. */
async function codes(peer: Peer, bytes: string): Promise<number[]> {
  return (await peer.send(bytes)).map(codeOf);
}

function records(scene: Scene): readonly TransactionRecord[] {
  return scene.eventsOf('transactionEnded').map(([, record]) => record as TransactionRecord);
}

describe('Conversation, chunks', () => {
  it('are one message, and what is behind them are commands', async () => {
    const scene = new Scene();
    const peer = await greeted(scene);
    expect(await codes(peer, `${OPEN}BDAT 4\r\nQUITBDAT 0\r\nBDAT 0 LAST\r\nNOOP\r\n`)).toEqual([
      250, 250, 250, 250, 250, 250,
    ]);
    expect(scene.delivery.messages).toEqual(['QUIT']);
    expect(await codes(peer, `${OPEN}BDAT 0 LAST\r\n`)).toEqual([250, 250, 250]);
    expect(scene.delivery.messages).toEqual(['QUIT', '']);
  });

  it('pipelined behind a MAIL or RCPT that is refused are dropped, and never commands', async () => {
    const chunks = 'BDAT 6\r\nQUIT\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\n';
    for (const stage of ['mail', 'rcpt'] as const) {
      const scene = new Scene({ policy: { [stage]: () => reject() } });
      const peer = await greeted(scene);
      const [first, second] = stage === 'mail' ? [550, 503] : [250, 550];
      expect(await codes(peer, `${OPEN}${chunks}`)).toEqual([first, second, 503, 503, 250]);
      expect(scene.delivery.log).toEqual([]);
    }
  });

  it('are told to observers one by one, as are those that are dropped and the data of DATA', async () => {
    const scene = new Scene();
    const peer = await greeted(scene);
    await codes(peer, `${OPEN}BDAT 3\r\nabcBDAT 0\r\nBDAT 2 LAST\r\ndeBDAT 4\r\nQUIT${OPEN}DATA\r\n`);
    await peer.codes('1234567\r\n.');
    expect(scene.eventsOf('dataReceived').map(([, octets]) => octets)).toEqual([3, 0, 2, 4, 9]);
    expect(records(scene).map(({ size }) => size)).toEqual([5, 9]);
  });

  it('that are dropped count each for itself', async () => {
    const scene = new Scene({ limits: { messageSize: 100 } });
    const peer = await greeted(scene);
    expect(await codes(peer, `BDAT 60\r\n${'x'.repeat(60)}`.repeat(5))).toEqual([503, 503, 503, 503, 503]);
  });

  it('of which the first is refused take the whole message with them, even if the policy changes its mind', async () => {
    let asked = 0;
    const scene = new Scene({ policy: { data: () => (++asked === 1 ? defer() : pass()) } });
    const peer = await greeted(scene);
    expect(await codes(peer, `${OPEN}BDAT 5\r\nfirstBDAT 6 LAST\r\nsecondNOOP\r\n`)).toEqual([250, 250, 451, 503, 250]);
    expect(scene.delivery.log).toEqual(['begin', 'recipient b@example.org', 'abort']);
    expect(records(scene).map(({ end }) => end)).toEqual(['refused']);
  });

  it('of which one makes its verb fail take the whole message with them', async () => {
    let count = 0;
    const failing = verb({
      name: 'XBDAT',
      phases: ['rcpt', 'bdat'],
      parse: () => ({}),
      perform: (): VerbOutcome => {
        if (++count === 2) throw new Error('boom');
        return { reply: OK, effect: { type: 'receive-chunk', octets: 2, last: count === 3 } };
      },
      refusalEffect: () => ({ type: 'skip-chunk', octets: 2 }),
    });
    const scene = new Scene({ verbs: [failing] });
    const peer = await greeted(scene);
    expect(await codes(peer, `${OPEN}XBDAT\r\naaXBDAT\r\nbbXBDAT\r\nNOOP\r\n`)).toEqual([250, 250, 250, 451, 503, 250]);
    expect(scene.delivery.messages).toEqual([]);
    expect(scene.delivery.log.at(-1)).toBe('abort');
  });

  it.each<[string, Partial<Verb>, number[]]>([
    ['whose question fails, is dropped', { question: () => fail(new Error('boom')) }, [250, 250, 451, 503, 250]],
    [
      'of which nobody knows how long it is, ends the session',
      { refusalEffect: () => fail(new Error('boom')) },
      [250, 250, 451],
    ],
    [
      'that is of no length at all, too',
      { refusalEffect: () => ({ type: 'skip-chunk', octets: Number.NaN }) },
      [250, 250, 451],
    ],
  ])('of a verb %s', async (_, broken, expected) => {
    const chunk = verb({
      name: 'XBDAT',
      phases: ['rcpt', 'bdat'],
      parse: () => ({}),
      perform: () => fail(new Error('boom')),
      refusalEffect: (): Effect => ({ type: 'skip-chunk', octets: 6 }),
    });
    const scene = new Scene({ verbs: [{ ...chunk, ...broken }] });
    const peer = await greeted(scene);
    expect(await codes(peer, `${OPEN}XBDAT\r\nQUIT\r\nXBDAT\r\nNOOP\r\n`)).toEqual(expected);
    expect(peer.ended).toBe(expected.length === 3);
  });

  it('that are faulty fail at once: what is behind is refused, and its bytes dropped', async () => {
    const scene = new Scene();
    const peer = await greeted(scene);
    expect(await codes(peer, `${OPEN}BDAT 3\r\na\nbBDAT 6 LAST\r\nQUIT\r\nNOOP\r\n`)).toEqual([
      250, 250, 550, 503, 250,
    ]);
    expect(scene.delivery.messages).toEqual([]);
    expect(records(scene).map(({ end }) => end)).toEqual(['refused']);
  });

  it('that are announced too big are refused, read and dropped', async () => {
    const scene = new Scene({ limits: { messageSize: 10 } });
    const peer = await greeted(scene);
    expect(await codes(peer, `${OPEN}BDAT 6\r\n123456BDAT 5 LAST\r\nQUIT\nNOOP\r\n`)).toEqual([
      250, 250, 250, 552, 250,
    ]);
    expect(scene.delivery.messages).toEqual([]);
  });

  it('without end are given up', async () => {
    const scene = new Scene({ limits: { messageSize: 100 } });
    const peer = await greeted(scene);
    const lines = await peer.send(`BDAT 9007199254740991\r\n${'x'.repeat(200)}`);
    expect(lines).toEqual(['421 4.3.4 message too big, giving up (limit messageSize)']);
    expect(peer.ended).toBe(true);
  });

  it('may be forgotten between two of them, and the next message begins anew', async () => {
    const scene = new Scene();
    const peer = await greeted(scene);
    expect(await codes(peer, `${OPEN}BDAT 2\r\na\rRSET\r\n${OPEN}BDAT 1 LAST\r\nb`)).toEqual([
      250, 250, 250, 250, 250, 250, 250,
    ]);
    expect(scene.delivery.messages).toEqual(['b']);
    expect(scene.delivery.count('abort')).toBe(1);
  });

  it('of BINARYMIME are bytes, NUL and bare newlines too', async () => {
    const scene = new Scene();
    const peer = await greeted(scene);
    const bytes = '\0\n\r\xff.\r\n.\r\n';
    const mail = 'MAIL FROM:<> BODY=BINARYMIME\r\nRCPT TO:<b@example.org>\r\n';
    expect(await codes(peer, `${mail}BDAT ${bytes.length} LAST\r\n${bytes}`)).toEqual([250, 250, 250]);
    expect(scene.delivery.messages).toEqual([bytes]);
  });
});

describe('Conversation, effects that make no sense', () => {
  const doing = (effect: Effect) => simple('XDO', () => ({ reply: OK, effect }));

  it.each<[string, Effect, string, number[]]>([
    ['mail data', { type: 'receive-dot' }, '', [451]],
    ['a chunk', { type: 'receive-chunk', octets: 6, last: true }, 'QUIT\r\n', [451]],
    [
      'a recipient',
      {
        type: 'recipient',
        mailbox: { local: 'a', host: undefined, domain: '', address: 'a', utf8: false },
        parameters: {},
      },
      '',
      [451],
    ],
  ])('%s without a transaction: 451, and the session goes on', async (_, effect, bytes, expected) => {
    const peer = await greeted(new Scene({ verbs: [doing(effect)] }));
    expect(await codes(peer, `XDO\r\n${bytes}NOOP\r\n`)).toEqual([...expected, 250]);
  });

  it('a transaction within a transaction: the first is aborted', async () => {
    const scene = new Scene({ verbs: [doing({ type: 'begin', reversePath: null, parameters: {} })] });
    const peer = await scene.transaction('b@example.org');
    expect(await peer.codes('XDO', 'DATA', 'RCPT TO:<c@example.org>', 'DATA')).toEqual([250, 503, 250, 354]);
    expect(scene.delivery.log).toEqual([
      'begin',
      'recipient b@example.org',
      'abort',
      'begin',
      'recipient c@example.org',
    ]);
  });
});

describe('Conversation, the reply after the data', () => {
  const bad = (local: string) => local === 'bad';
  const mixed: NonNullable<Scene['delivery']['steps']['commit']> = (sound) =>
    sound().map(({ recipient }): Outcome => ({
      recipient,
      reply: bad(recipient.mailbox.local) ? reply(550, '5.1.1', 'no') : delivered('kept'),
    }));

  it('in SMTP is one, and the worst', async () => {
    const scene = new Scene();
    scene.delivery.steps = { commit: mixed };
    const peer = await scene.transaction('a@x.org', 'bad@x.org');
    await peer.codes('DATA');
    expect(await peer.send('.\r\n')).toEqual(['550 5.1.1 no (1 of 2 recipients failed)']);
  });

  it('in LMTP is one for each recipient, in their order, also when the message is refused, and whatever the limit of errors', async () => {
    const scene = new Scene({
      protocol: 'lmtp',
      limits: { errors: 1, messageSize: 20 },
    });
    scene.delivery.steps = { commit: mixed };
    const peer = await scene.transaction('bad@x.org', 'a@x.org', 'bad@x.org', 'b@x.org');
    await peer.codes('DATA');
    expect(await codes(peer, '.\r\n')).toEqual([550, 250, 550, 250, 421]);
    const other = await scene.transaction('a@x.org', 'b@x.org');
    await other.codes('DATA');
    expect(await codes(other, `${'x'.repeat(30)}\r\n.\r\n`)).toEqual([552, 552, 421]);
  });

  it('in LMTP is one for each recipient also where the last chunk is refused, and one where another is (RFC 2033 4.2, RFC 3030 2)', async () => {
    const scene = new Scene({ protocol: 'lmtp', policy: { data: () => reject() } });
    const peer = await scene.transaction('a@x.org', 'b@x.org');
    expect(await codes(peer, 'BDAT 3 LAST\r\nabcNOOP\r\n')).toEqual([550, 550, 250]);
    const other = await scene.transaction('a@x.org', 'b@x.org');
    expect(await codes(other, 'BDAT 3\r\nabcBDAT 0 LAST\r\nNOOP\r\n')).toEqual([550, 503, 250]);
  });

  it('of a delivery that did not get to it is a 451, the phase is greeted, and the next message goes', async () => {
    const scene = new Scene();
    scene.delivery.steps = { body: () => fail(new Error('disk full')) };
    const peer = await scene.transaction('b@example.org');
    expect(await peer.codes('DATA', 'hello\r\n.')).toEqual([354, 451]);
    scene.delivery.steps = {};
    expect(await codes(peer, `${OPEN}BDAT 1 LAST\r\nx`)).toEqual([250, 250, 250]);
    expect(scene.delivery.messages).toEqual(['x']);
  });
});

describe('Conversation, a transaction', () => {
  it('is over after its message, RSET, a new greeting and QUIT, and the session knows nothing of it', async () => {
    for (const end of ['RSET', 'EHLO again', 'DATA', 'QUIT']) {
      const scene = new Scene();
      const peer = await scene.transaction('b@example.org');
      const [connection] = scene.listener.connections;
      const session = connection?.conversation.session;
      expect(session?.envelope?.recipients).toHaveLength(1);
      await peer.codes(end);
      if (end === 'DATA') await peer.codes('.');
      expect(session?.envelope).toBeUndefined();
      expect(session?.phase).toBe('greeted');
      expect(records(scene).map((record) => record.end)).toEqual([end === 'DATA' ? 'committed' : 'aborted']);
    }
  });

  it('has an id of its own', async () => {
    const scene = new Scene();
    const peer = await greeted(scene);
    await codes(peer, 'MAIL FROM:<>\r\nRSET\r\nMAIL FROM:<>\r\nRSET\r\n');
    const [first, second] = records(scene).map(({ envelope }) => envelope.id);
    expect(first).not.toBe(second);
  });

  it('remembers who refused what', async () => {
    const scene = new Scene({ policy: { rcpt: ({ mailbox }) => (mailbox.local === 'bad' ? reject() : pass()) } });
    const peer = await scene.transaction('bad@example.org', 'b@example.org');
    await peer.codes('DATA', 'a\nb\r\n.');
    expect(records(scene)[0]).toMatchObject({
      end: 'refused',
      reply: { code: 550 },
      decisions: [{ by: 'policy policy-0' }, { by: 'protocol', reason: 'bare-lf' }],
    });
  });
});

function fail(error: unknown): never {
  throw error;
}
