import {
  BodyAborted,
  outcomes,
  SmtpError,
  type DeliveryStrategy,
  type DeliveryTransaction,
  type Envelope,
  type Recipient,
  type Session,
} from '@mailverb/contract';
import { reply, type Reply } from '@mailverb/protocol';
import { bodyOf, DeliveryPart, drain, fanOut, PART_FAILED, refusalOf, type OnFault } from './index.js';

const FAILED = reply(451, '4.3.0', 'failed');
const NO = reply(550, '5.1.1', 'no');
const OK = reply(250, '2.0.0', 'ok');

const recipient = (local: string): Recipient => ({
  mailbox: { local, host: undefined, domain: '', address: local, utf8: false },
  parameters: {},
});
const [A, B] = [recipient('a'), recipient('b')];
const { signal } = new AbortController();
const SESSION: Session = {
  id: 'test',
  listener: {
    name: 'test',
    hostname: 'mx.test.example',
    protocol: 'smtp',
    maxMessageSize: 0,
    maxRecipients: 0,
    maxMessages: 0,
    tls: 'none',
  },
  remoteAddress: '192.0.2.1',
  remotePort: 40_000,
  localAddress: '192.0.2.25',
  localPort: 25,
  openedAt: 0,
  phase: 'rcpt',
  heloName: undefined,
  extended: true,
  tls: undefined,
  identity: undefined,
  remoteName: undefined,
  trustedPeer: false,
  forwarded: undefined,
  envelope: undefined,
  annotations: [],
  get: () => undefined,
  set: () => undefined,
};

/** A part over a transaction of which each step can be changed. */
function part(
  changes: Partial<DeliveryTransaction> = {},
  begin?: DeliveryStrategy['begin'],
  fires: AbortSignal = signal,
) {
  const calls: string[] = [];
  const faults: string[] = [];
  let envelope: Envelope | undefined;
  const transaction: DeliveryTransaction = {
    recipient: () => undefined,
    body: async (body) => void (await drain(body)),
    commit: () => outcomes(envelope?.recipients ?? [], OK),
    abort: (reason) => void calls.push(`abort: ${reason}`),
    ...changes,
  };
  const strategy: DeliveryStrategy = {
    durability: 'none',
    begin: (...args) => {
      calls.push('begin');
      envelope = args[0];
      return begin === undefined ? transaction : begin(...args);
    },
  };
  const fault: OnFault = (error, step) => {
    faults.push(`${step}: ${error instanceof Error ? error.message : String(error)}`);
    return FAILED;
  };
  const whole: Envelope = { id: 'x', reversePath: null, parameters: { SIZE: 5 }, recipients: [A, B] };
  const made = new DeliveryPart(strategy, { envelope: whole, session: SESSION, context: { signal: fires } }, fault);
  return { part: made, calls, faults, transaction, envelope: () => envelope };
}

/** What JavaScript may give: nothing that the types allow. */
const rubbish = <T>(value: unknown): T => value as T;

const boom = () => {
  throw new Error('boom');
};
const reject = () => Promise.reject(new Error('boom'));

describe('DeliveryPart', () => {
  it('begins when the first recipient is offered, with an envelope of its own recipients', async () => {
    const { part: tested, calls, envelope } = part({ recipient: (r) => (r === B ? NO : undefined) });
    expect(calls).toEqual([]);
    expect(tested.offer(A)).toBeUndefined();
    expect(tested.offer(B)).toBe(NO);
    expect(calls).toEqual(['begin']);
    expect(envelope()).toMatchObject({ id: 'x', reversePath: null, parameters: { SIZE: 5 }, recipients: [A] });
    await tested.send(bodyOf([new Uint8Array(3)]));
    expect([...(await tested.commit())]).toEqual([[A, OK]]);
    tested.abort('late');
    expect(calls).toEqual(['begin']);
  });

  it('waits for a strategy that begins slowly, once', async () => {
    const slow = part({}, async () => slow.transaction);
    expect(await Promise.all([slow.part.offer(A), slow.part.offer(B)])).toEqual([undefined, undefined]);
    expect(slow.calls).toEqual(['begin']);
    expect(slow.part.taken).toEqual([A, B]);
  });

  it.each([boom, reject])('answers for a strategy that cannot begin', async (begin) => {
    const { part: tested, faults, calls } = part({}, begin);
    expect(await tested.offer(A)).toBe(FAILED);
    expect(await tested.offer(B)).toBe(FAILED);
    expect(faults).toEqual(['begin: boom']);
    expect(calls).toEqual(['begin']);
    expect(tested.taken).toEqual([]);
  });

  it.each([boom, reject])('answers for one recipient that the strategy fails for, and goes on', async (failing) => {
    const { part: tested, faults } = part({ recipient: (r) => (r === A ? failing() : undefined) });
    expect(await tested.offer(A)).toBe(FAILED);
    expect(await tested.offer(B)).toBeUndefined();
    expect(faults).toEqual(['recipient: boom']);
    expect([...(await tested.commit()).keys()]).toEqual([B]);
  });

  it.each([boom, reject])(
    'answers for a strategy that fails with the body, aborts it, and lets the others read',
    async (body) => {
      const { part: tested, faults, calls } = part({ body });
      tested.offer(A);
      const [mine, other] = fanOut(bodyOf([new Uint8Array(3), new Uint8Array(4)]), 2);
      const sent = mine && tested.send(mine);
      expect(other && (await drain(other))).toBe(7);
      await sent;
      expect(tested.failure).toBe(FAILED);
      expect([...(await tested.commit())]).toEqual([[A, FAILED]]);
      expect(faults).toEqual(['body: boom']);
      expect(calls).toEqual(['begin', 'abort: body failed']);
    },
  );

  it('releases a body that the strategy has not read to its end', async () => {
    for (const body of [() => undefined, async () => undefined]) {
      const { part: tested } = part({ body });
      tested.offer(A);
      const [mine, other] = fanOut(bodyOf([new Uint8Array(3), new Uint8Array(4)]), 2);
      const sent = mine && tested.send(mine);
      expect(other && (await drain(other))).toBe(7);
      await sent;
      expect(() => mine?.read()).toThrow(BodyAborted);
    }
  });

  it.each([boom, reject])('answers for a strategy that cannot commit, and aborts it', async (commit) => {
    const { part: tested, faults, calls } = part({ commit });
    tested.offer(A);
    tested.offer(B);
    await tested.send(bodyOf([]));
    expect([...(await tested.commit())]).toEqual([
      [A, FAILED],
      [B, FAILED],
    ]);
    expect(faults).toEqual(['commit: boom']);
    expect(calls).toEqual(['begin', 'abort: commit failed']);
  });

  it('answers for a recipient that the strategy has forgotten', async () => {
    const { part: tested, faults } = part({ commit: () => [{ recipient: A, reply: OK }] });
    tested.offer(A);
    tested.offer(B);
    expect([...(await tested.commit())]).toEqual([
      [A, OK],
      [B, FAILED],
    ]);
    expect(faults).toEqual(['commit: the strategy gave no outcome for a recipient']);
  });

  it.each<[string, unknown]>([
    ['a 3xx', reply(354, undefined, 'go on')],
    ['rubbish', { code: 250 }],
    ['null', null],
  ])('defers a recipient that is answered with %s, and does not take it', async (_, answer) => {
    for (const value of [answer, Promise.resolve(answer)]) {
      const { part: tested, faults } = part({ recipient: () => rubbish(value) });
      expect(await tested.offer(A)).toMatchObject({ code: 451 });
      expect(tested.taken).toEqual([]);
      expect(faults).toEqual(['recipient: the strategy gave a recipient no final reply']);
    }
  });

  it.each<[string, unknown]>([
    ['a 3xx', [{ recipient: A, reply: reply(354, undefined, 'go on') }]],
    ['no reply', [{ recipient: A }]],
    ['a reply that is none', [{ recipient: A, reply: { code: 250 } }]],
    ['null for an outcome', [null]],
    ['nothing', undefined],
    ['somebody else', [{ recipient: B, reply: OK }]],
  ])('defers a recipient whose outcome is %s', async (_, given) => {
    const { part: tested, calls } = part({ commit: () => rubbish(given) });
    tested.offer(A);
    await tested.send(bodyOf([]));
    expect((await tested.commit()).get(A)).toBe(FAILED);
    // It has committed, so there is nothing to abort.
    expect(calls).toEqual(['begin']);
  });

  it('takes an outcome with a reply of another copy of the library, and makes a reply of it', async () => {
    const foreign = { code: 550, enhanced: '5.1.1', lines: ['gone'], wire: () => '550 gone' };
    const { part: tested } = part({ commit: () => rubbish([{ recipient: A, reply: foreign }]) });
    tested.offer(A);
    await tested.send(bodyOf([]));
    expect((await tested.commit()).get(A)).toEqual(reply(550, '5.1.1', 'gone'));
  });

  it('never makes a yes of what was thrown, whatever the composer says', async () => {
    for (const step of ['begin', 'recipient', 'body', 'commit']) {
      const transaction: DeliveryTransaction = {
        recipient: step === 'recipient' ? boom : () => undefined,
        body: step === 'body' ? boom : () => undefined,
        commit: boom,
        abort: () => undefined,
      };
      const strategy: DeliveryStrategy = { durability: 'none', begin: step === 'begin' ? boom : () => transaction };
      const envelope: Envelope = { id: 'x', reversePath: null, parameters: {}, recipients: [] };
      const tested = new DeliveryPart(strategy, { envelope, session: SESSION, context: { signal } }, () => OK);
      const answer = await tested.offer(A);
      await tested.send(bodyOf([]));
      expect(answer ?? (await tested.commit()).get(A)).toBe(PART_FAILED);
    }
  });

  it('aborts once, also a strategy that is just beginning, and asks it nothing more', async () => {
    let begin: (transaction: DeliveryTransaction) => void = () => undefined;
    const asked: Recipient[] = [];
    const slow = part({ recipient: (r) => void asked.push(r) }, () => new Promise((resolve) => (begin = resolve)));
    const offered = slow.part.offer(A);
    const aborted = slow.part.abort('test');
    slow.part.abort('again');
    begin(slow.transaction);
    await aborted;
    await offered;
    expect(slow.calls).toEqual(['begin', 'abort: test']);
    expect(asked).toEqual([]);
  });

  it.each(['aborted', 'signalled'])('does not take a recipient whose answer comes when it is %s', async (how) => {
    let answer: (reply: Reply | undefined) => void = () => undefined;
    const cancel = new AbortController();
    const asked: Recipient[] = [];
    const slow = part(
      { recipient: (r) => (asked.push(r), r === A ? undefined : new Promise((resolve) => (answer = resolve))) },
      undefined,
      cancel.signal,
    );
    slow.part.offer(A);
    const late = slow.part.offer(B);
    if (how === 'aborted') await slow.part.abort('test');
    else cancel.abort();
    answer(undefined);
    expect(await late).toMatchObject({ code: 451 });
    expect(asked).toEqual([A, B]);
    expect(slow.part.taken).toEqual([A]);
  });

  it('says yes to nobody when it was aborted, and sends and commits nothing', async () => {
    const asked: string[] = [];
    const { part: tested, faults } = part({
      body: () => void asked.push('body'),
      commit: () => (asked.push('commit'), [{ recipient: A, reply: OK }]),
    });
    tested.offer(A);
    await tested.abort('test');
    expect(tested.offer(B)).toMatchObject({ code: 451 });
    await tested.send(bodyOf([]));
    expect([...(await tested.commit())]).toEqual([[A, FAILED]]);
    expect(asked).toEqual([]);
    expect(faults).toEqual(['commit: the part was aborted']);
  });

  it('begins nothing when it was aborted before', async () => {
    const { part: tested, calls } = part();
    await tested.abort('test');
    expect(await tested.offer(A)).toMatchObject({ code: 451 });
    expect(calls).toEqual([]);
    expect(tested.taken).toEqual([]);
  });

  it.each([boom, reject])('survives a strategy that fails to abort', async (abort) => {
    const { part: tested, faults } = part({ abort });
    tested.offer(A);
    await tested.abort('test');
    expect(faults).toEqual(['abort: boom']);
  });

  it('has nothing to do where no recipient was offered', async () => {
    const { part: tested, calls } = part();
    const [mine, other] = fanOut(bodyOf([new Uint8Array(3)]), 2);
    const sent = mine && tested.send(mine);
    expect(other && (await drain(other))).toBe(3);
    await sent;
    const none: [Recipient, Reply][] = [...(await tested.commit())];
    await tested.abort('test');
    expect([none, calls]).toEqual([[], []]);
  });
});

describe('refusalOf', () => {
  it.each<[string, unknown, Reply]>([
    ['an SmtpError', new SmtpError(NO, 'boom'), NO],
    ['an SmtpError that says yes', new SmtpError(OK, 'boom'), FAILED],
    ['an SmtpError that asks for more', new SmtpError(reply(354, undefined, 'go on'), 'boom'), FAILED],
    ['an SmtpError of another copy', { name: 'SmtpError', reply: NO }, NO],
    ['one of another copy that says yes', { name: 'SmtpError', reply: { code: 250, wire: () => '' } }, FAILED],
    ['one with a code that is none', { name: 'SmtpError', reply: { code: 42, wire: () => '' } }, FAILED],
    ['another error', Object.assign(new Error('boom'), { reply: NO }), FAILED],
    ['nothing', undefined, FAILED],
  ])('gives for %s what it says if that is a no', (_, error, expected) => {
    expect(refusalOf(error, FAILED)).toBe(expected);
  });
});
