/** The conversation: every command answered once and in order, limits kept, nothing executed that must not be. */
import {
  defer,
  hangup,
  pass,
  reject,
  SmtpError,
  type Effect,
  type Verdict,
  type VerbOutcome,
} from '@mailverb/contract';
import { reply } from '@mailverb/protocol';
import { gate, settle } from '../fixtures/clock.fixture.js';
import { codeOf, type Peer } from '../fixtures/peer.fixture.js';
import { Scene, type SceneOptions } from '../fixtures/scene.fixture.js';
import { simple } from '../fixtures/verbs.fixture.js';

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

function fail(error: unknown): never {
  throw error;
}
