/** The conversation: every command answered once and in order, effects carried out or not, nothing executed that must not be. */
import {
  defer,
  delivered,
  hangup,
  pass,
  reject,
  SmtpError,
  type Effect,
  type Outcome,
  type TransactionRecord,
  type Verb,
  type Verdict,
  type VerbOutcome,
} from '@mailverb/contract';
import { reply } from '@mailverb/protocol';
import { gate, settle } from '../fixtures/clock.fixture.js';
import { codeOf, type Peer } from '../fixtures/peer.fixture.js';
import { Scene, type SceneOptions } from '../fixtures/scene.fixture.js';
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

describe('Conversation, a command', () => {
  it('is answered in its order within a group, by one write', async () => {
    const scene = new Scene({ policy: { mail: () => settle(1).then(() => pass()) } });
    const peer = await greeted(scene);
    const writes: number[] = [];
    peer.stream.on('data', (chunk: Buffer) => writes.push(chunk.length));
    expect(await codes(peer, `NOOP\r\n${OPEN}RCPT TO:<nonsense\r\nDATA\r\n`)).toEqual([250, 250, 250, 501, 354]);
    expect(writes).toHaveLength(1);
  });

  it('that nobody knows is 500, and one that nobody has here 502', async () => {
    const peer = await greeted(new Scene());
    expect(await peer.codes('XYZZY', 'STARTTLS', 'TURN', '__proto__', 'constructor', '')).toEqual([
      500, 502, 502, 500, 500, 500,
    ]);
  });

  it('out of its phase is 503, says what is missing and changes nothing', async () => {
    const scene = new Scene();
    const peer = scene.connect();
    await peer.heard();
    expect(await peer.send('MAIL FROM:<>\r\nRCPT TO:<b@example.org>\r\n')).toEqual([
      '503 5.5.1 MAIL not now: EHLO or HELO first, and one transaction at a time',
      '503 5.5.1 RCPT not now: MAIL first',
    ]);
    expect(await peer.codes('EHLO client', 'MAIL FROM:<>', 'MAIL FROM:<>', 'DATA')).toEqual([250, 250, 503, 503]);
  });

  it('is not performed if a policy refuses, and its effect not carried out if it refuses itself', async () => {
    const performed = jest.fn(() => ({ reply: reply(550, '5.7.1', 'no'), effect: { type: 'reset' as const } }));
    const question: Pick<Parameters<typeof simple>[2] & object, 'question'> = {
      question: (_params, session) => ({ stage: 'auth', input: { session, mechanism: 'x', identity: 'y' } }),
    };
    const scene = new Scene({
      verbs: [simple('XASKED', performed, question), simple('XNO', performed)],
      policy: { auth: () => reject() },
    });
    const peer = await scene.transaction('b@example.org');
    expect(await peer.codes('XASKED')).toEqual([550]);
    expect(performed).not.toHaveBeenCalled();
    expect(await peer.codes('XNO', 'DATA')).toEqual([550, 354]);
  });

  it('that is refused for good and goodbye closes, whatever is pipelined behind', async () => {
    const scene = new Scene({ policy: { mail: () => hangup(reply(421, '4.7.0', 'enough')) } });
    const peer = await greeted(scene);
    expect(await codes(peer, `${OPEN}NOOP\r\n`)).toEqual([421]);
    expect(peer.ended).toBe(true);
  });

  it('of a verb that never answers costs its command, in time', async () => {
    const scene = new Scene({
      timeouts: { policy: '30s' },
      verbs: [simple('XHANG', () => gate<VerbOutcome>().promise)],
    });
    const peer = await greeted(scene);
    expect(await codes(peer, 'XHANG\r\nNOOP\r\n')).toEqual([]);
    await scene.clock.pass(30_000);
    expect((await peer.heard()).map(codeOf)).toEqual([451, 250]);
  });

  it('is told to observers cleaned, and without the arguments of verbs with secrets or of nobody', async () => {
    const scene = new Scene({ verbs: [simple('XSECRET', () => ({ reply: OK }), { secret: true })] });
    const peer = await greeted(scene);
    await peer.codes(
      'NOOP caf\xc3\xa9',
      'XSECRET hunter2',
      'AUHT PLAIN hunter2',
      'hunter2-and-more hunter2',
      'aHVudGVyMg==',
    );
    expect(scene.eventsOf('commandReceived').map(([, line]) => line)).toEqual([
      'EHLO client',
      'NOOP caf?',
      'XSECRET ***',
      'AUHT ***',
      '*** ***',
      '***',
    ]);
  });
});

describe('Conversation, limits', () => {
  const many = (line: string, count: number) => `${line}\r\n`.repeat(count);

  it.each<[string, SceneOptions['limits'] & object, string, number[]]>([
    ['errors', { errors: 2 }, many('RCPT TO:<x@y>', 5), [503, 503, 421]],
    ['unknownCommands', { unknownCommands: 2 }, many('XYZZY', 5), [500, 500, 421]],
    ['commandsBeforeTransaction', { commandsBeforeTransaction: 4 }, many('NOOP', 9), [250, 250, 250, 421]],
    ['messages', { messages: 2 }, many('MAIL FROM:<>\r\nRSET', 5), [250, 250, 250, 250, 421]],
  ])('%s ends the session with a 421 that names it', async (name, limits, bytes, expected) => {
    const scene = new Scene({ limits });
    const peer = await greeted(scene);
    const lines = await peer.send(bytes);
    expect(lines.map(codeOf)).toEqual(expected);
    expect(lines.at(-1)).toContain(`(limit ${name})`);
    expect(peer.ended).toBe(true);
    expect(scene.eventsOf('limitReached').map(([, limit]) => limit)).toEqual([name]);
  });

  it('recipients refuses the next one, and takes the message for those before', async () => {
    const scene = new Scene({ limits: { recipients: 2 } });
    const peer = await greeted(scene);
    const rcpt = many('RCPT TO:<b@example.org>', 4);
    expect(await codes(peer, `MAIL FROM:<>\r\n${rcpt}BDAT 1 LAST\r\nx`)).toEqual([250, 250, 250, 452, 452, 250]);
    expect(scene.delivery.count('recipient')).toBe(2);
  });

  it('a transaction at work is no idleness: recipients and chunks of any number, but no empty ones', async () => {
    const limits = { commandsBeforeTransaction: 10 };
    const scene = new Scene({ limits });
    const peer = await greeted(scene);
    const chunks = many('BDAT 3\r\nx', 50);
    const answers = await codes(peer, `MAIL FROM:<>\r\n${many('RCPT TO:<b@example.org>', 50)}${chunks}BDAT 0 LAST\r\n`);
    expect(answers).toEqual(Array.from({ length: 102 }, () => 250));
    const empty = await codes(peer, `${OPEN}${many('BDAT 0', 50)}`);
    expect(empty.at(-1)).toBe(421);
    expect(empty.length).toBeLessThan(20);
  });
});

describe('Conversation, pipelining where it is forbidden', () => {
  it.each<[string, string, number[]]>([
    ['behind EHLO', 'EHLO again\r\nNOOP\r\n', [554]],
    ['behind DATA', `${OPEN}DATA\r\nhello\r\n.\r\n`, [250, 250, 554]],
    ['behind a DATA that is out of its phase', 'DATA\r\nQUIT\r\n.\r\n', [554]],
    ['behind an EHLO that is refused', 'EHLO\r\nMAIL FROM:<>\r\n', [554]],
    ['behind a verb that converses', 'ASK\r\nline\r\n', [554]],
  ])('%s is refused, executes nothing and closes', async (_, bytes, expected) => {
    const scene = new Scene();
    const peer = await greeted(scene);
    expect(await codes(peer, bytes)).toEqual(expected);
    expect(peer.ended).toBe(true);
    expect(scene.delivery.messages).toEqual([]);
    expect(scene.eventsOf('limitReached').map(([, limit]) => limit)).toEqual(['pipelining']);
  });

  it('is seen also where it came while the policies were thinking', async () => {
    const thinking = gate<Verdict>();
    const scene = new Scene({ policy: { data: () => thinking.promise } });
    const peer = await scene.transaction('b@example.org');
    await peer.send('DATA\r\n');
    await peer.send('hello\r\n.\r\n');
    thinking.open(defer());
    expect((await peer.heard()).map(codeOf)).toEqual([554]);
  });

  it('where it is let through is data behind DATA and commands behind EHLO', async () => {
    const scene = new Scene({ limits: { pipelining: 'lenient' } });
    const peer = await greeted(scene);
    expect(await codes(peer, `EHLO x\r\n${OPEN}DATA\r\nhello\r\n.\r\nNOOP\r\n`)).toEqual([
      250, 250, 250, 354, 250, 250,
    ]);
    expect(scene.delivery.messages).toEqual(['hello\r\n']);
  });

  it('is not seen where there is none, at any cut of a lawful session', async () => {
    const groups = [
      'EHLO client\r\n',
      `NOOP\r\n${OPEN}DATA\r\n`,
      'hello\r\n.\r\n',
      `${OPEN}BDAT 2\r\nhiBDAT 3 LAST\r\nyou${OPEN}DATA\r\n`,
      '.\r\nRSET\r\nNOOP\r\n',
      'ASK\r\n',
      'a line\r\n',
      'done\r\n',
      'EHLO client\r\n',
      'DATA\r\n',
      'NOOP\r\nQUIT\r\n',
    ];
    for (const size of [1, 2, 3, 7, 1000]) {
      const scene = new Scene();
      const peer = scene.connect();
      const heard: number[] = [];
      for (const group of groups) {
        for (let at = 0; at < group.length; at += size) heard.push(...(await codes(peer, group.slice(at, at + size))));
      }
      expect({ size, codes: heard.filter((code) => code >= 400) }).toEqual({ size, codes: [503] });
      expect(heard.at(-1)).toBe(221);
      expect(scene.delivery.messages).toEqual(['hello\r\n', 'hiyou', '']);
    }
  });
});

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

describe('Conversation, a verb that converses', () => {
  it('gets line after line, of which observers see nothing, and then there are commands again', async () => {
    const scene = new Scene();
    const peer = await greeted(scene);
    expect(await peer.codes('ASK', 'QUIT', 'secret', 'done', 'NOOP')).toEqual([334, 334, 334, 235, 250]);
    expect(scene.eventsOf('lineReceived')).toHaveLength(3);
    expect(JSON.stringify(scene.eventsOf('commandReceived').map(([, line]) => line))).not.toContain('secret');
  });

  it.each([
    ['too long', 'x'.repeat(12_300)],
    ['with a control character', 'a\0b'],
    ['with a bare LF', 'a\nb'],
  ])('is over after a line %s: what follows are commands', async (_, line) => {
    const peer = await greeted(new Scene());
    expect(await peer.codes('ASK', line, 'NOOP')).toEqual([334, 500, 250]);
  });

  it.each<[string, () => never | Promise<never>, number]>([
    ['throws', () => fail(new Error('boom')), 451],
    ['rejects', () => Promise.reject(new Error('boom')), 451],
    ['throws words', () => fail(new SmtpError(reply(454, '4.7.0', 'later'), 'private')), 454],
  ])('and %s has ended its conversation', async (_, answer, code) => {
    const effect: Effect = { type: 'converse', answer };
    const scene = new Scene({ verbs: [simple('XASK', () => ({ reply: reply(334, undefined, ''), effect }))] });
    const peer = await greeted(scene);
    expect(await peer.codes('XASK', 'line', 'NOOP')).toEqual([334, code, 250]);
  });

  it('and identifies the client has the session know it', async () => {
    const identity = { name: 'ada', mechanism: 'X' };
    const effect: Effect = {
      type: 'converse',
      answer: () =>
        settle(1).then(() => ({ reply: reply(235, '2.7.0', 'welcome'), effect: { type: 'identify', identity } })),
    };
    const scene = new Scene({ verbs: [simple('XAUTH', () => ({ reply: reply(334, undefined, ''), effect }))] });
    const peer = await greeted(scene);
    expect(await peer.codes('XAUTH', 'line')).toEqual([334, 235]);
    const [connection] = scene.listener.connections;
    expect(connection?.conversation.session.identity).toBe(identity);
    await peer.codes('EHLO again');
    expect(connection?.conversation.session.identity).toBe(identity);
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
