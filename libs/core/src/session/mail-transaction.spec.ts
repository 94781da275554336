/** One transaction with a delivery that may do anything: one end, one outcome for each recipient, nothing left behind (attacks A14, A24). */
import {
  delivered,
  SmtpError,
  type DeliveryTransaction,
  type Outcome,
  type TransactionRecord,
} from '@mailverb/contract';
import { parseMailbox, reply, type Mailbox, type Reply } from '@mailverb/protocol';
import { bodyOf } from '@mailverb/body';
import { gate, ManualClock, settle } from '../fixtures/clock.fixture.js';
import { RecordingDelivery, type Steps } from '../fixtures/delivery.fixture.js';
import { freshSession, recorder, silent, type Told } from '../fixtures/scene.fixture.js';
import { Watchers } from '../stages/watchers.js';
import { MailTransaction } from './mail-transaction.js';

const BUDGET = 300_000;
const boom = new Error('boom');

function mailbox(address: string): Mailbox {
  const parsed = parseMailbox(address);
  if (parsed === undefined) throw new Error(address);
  return parsed;
}

class Stage {
  readonly clock = new ManualClock();
  readonly told: Told[] = [];
  readonly pending = new Set<Promise<unknown>>();
  readonly delivery = new RecordingDelivery();
  readonly transaction: MailTransaction;

  constructor(steps: Steps = {}, without = false) {
    this.delivery.steps = steps;
    this.transaction = new MailTransaction('t1', null, {}, freshSession(), {
      delivery: without ? undefined : this.delivery,
      clock: this.clock,
      watchers: new Watchers([{ name: 'recorder', observer: recorder(this.told) }], silent),
      deliveryMs: BUDGET,
      pending: this.pending,
    });
  }

  /** Offers recipients; what the client would hear of each. */
  async offer(...addresses: string[]): Promise<(string | undefined)[]> {
    const words: (string | undefined)[] = [];
    for (const address of addresses) words.push((await this.transaction.offer(mailbox(address), {}))?.toString());
    return words;
  }

  async commit(): Promise<string[]> {
    return (await this.transaction.commit()).map(
      (outcome) => `${outcome.recipient.mailbox.address} ${outcome.reply.code}`,
    );
  }

  get log(): string {
    return this.delivery.log.join(', ');
  }

  get faults(): number {
    return this.told.filter(({ event }) => event === 'faultCaught').length;
  }

  get records(): readonly TransactionRecord[] {
    return this.told
      .filter(({ event }) => event === 'transactionEnded')
      .map(({ args }) => args[1] as TransactionRecord);
  }
}

const LOCAL_ERROR = '451 4.3.0 local error, try again later';
const NO = reply(550, '5.1.1', 'no such user');

/** Ways to fail, and what the client hears. */
const FAILURES: readonly [string, () => never | Promise<never>, number][] = [
  ['throws', () => fail(boom), 451],
  ['throws nothing', () => fail(undefined), 451],
  ['throws words that refuse', () => fail(new SmtpError(NO, 'private')), 550],
  ['throws words that agree', () => fail(new SmtpError(reply(250, '2.0.0', 'fine'), 'private')), 451],
  ['rejects', () => Promise.reject(boom), 451],
  ['rejects later with words', () => settle(1).then(() => fail(new SmtpError(NO, 'private'))), 550],
];

describe('MailTransaction, whole', () => {
  it('goes through its steps once each, and tells what became of it', async () => {
    const stage = new Stage();
    expect(await stage.offer('a@x.org', 'b@x.org')).toEqual([undefined, undefined]);
    await stage.transaction.body(bodyOf([Buffer.from('hello')]));
    const outcomes = await stage.transaction.commit();
    stage.transaction.end('committed', delivered('x'), outcomes, '');
    expect(stage.log).toBe('begin, recipient a@x.org, recipient b@x.org, body, commit');
    expect(outcomes.map(({ recipient, reply: { code } }) => [recipient.mailbox.address, code])).toEqual([
      ['a@x.org', 250],
      ['b@x.org', 250],
    ]);
    expect(stage.records).toHaveLength(1);
    expect(stage.records[0]).toMatchObject({ end: 'committed', outcomes: [{}, {}], decisions: [] });
    expect(stage.delivery.signals[0]?.aborted).toBe(false);
    expect(stage.clock.pending).toBe(0);
  });

  it('stays synchronous while the delivery does', () => {
    const stage = new Stage();
    expect(stage.transaction.offer(mailbox('a@x.org'), {})).toBeUndefined();
    expect(stage.transaction.body(bodyOf([]))).toBeUndefined();
    expect(stage.transaction.commit()).toEqual([expect.objectContaining({ reply: expect.anything() })]);
  });

  it('ends once: aborts what was not committed, tells the delivery to stop, and says it once', async () => {
    for (const end of ['aborted', 'refused'] as const) {
      const stage = new Stage();
      await stage.offer('a@x.org');
      stage.transaction.end(end, undefined, [], 'reset');
      stage.transaction.end('committed', undefined, [], '');
      stage.transaction.end(end, undefined, [], 'again');
      expect(stage.log).toBe('begin, recipient a@x.org, abort');
      expect(stage.delivery.signals[0]?.aborted).toBe(true);
      expect(stage.records.map((record) => record.end)).toEqual([end]);
    }
  });

  it('remembers who refused, and records it in order', async () => {
    const stage = new Stage();
    stage.transaction.decided({ by: 'policy a', reply: NO, reason: 'one' });
    stage.transaction.decided({ by: 'delivery', reply: NO, reason: undefined });
    stage.transaction.end('aborted', undefined, [], 'x');
    expect(stage.records[0]?.decisions.map(({ by }) => by)).toEqual(['policy a', 'delivery']);
  });

  it('without a delivery defers everything', async () => {
    const stage = new Stage({}, true);
    expect(await stage.offer('a@x.org')).toEqual(['451 4.3.5 no delivery is configured']);
    stage.transaction.end('aborted', undefined, [], 'x');
    expect(stage.records).toHaveLength(1);
  });
});

describe('MailTransaction, when begin', () => {
  it.each(FAILURES)('%s, refuses that recipient, and begins again for the next', async (_, act, code) => {
    let broken = true;
    const stage = new Stage({ begin: (sound) => (broken ? act() : sound()) });
    expect((await stage.offer('a@x.org'))[0]).toMatch(new RegExp(`^${code} `));
    broken = false;
    expect(await stage.offer('b@x.org')).toEqual([undefined]);
    expect(stage.transaction.envelope.recipients.map(({ mailbox: { address } }) => address)).toEqual(['b@x.org']);
    expect(stage.faults).toBe(1);
  });

  it.each([undefined, null, 7, 'x'])('gives %p, defers', async (rubbish) => {
    const stage = new Stage({ begin: () => rubbish as never });
    expect(await stage.offer('a@x.org')).toEqual([LOCAL_ERROR]);
  });

  it('does not answer in time, defers, stops it, and aborts what it gives too late', async () => {
    const late = gate<DeliveryTransaction>();
    let sound: () => DeliveryTransaction = () => fail(boom);
    const stage = new Stage({ begin: (make) => ((sound = make), late.promise) });
    const words = stage.offer('a@x.org');
    await stage.clock.pass(BUDGET);
    expect((await words)[0]).toMatch(/^451 4\.4\.7 /);
    expect(stage.delivery.signals[0]?.aborted).toBe(true);
    late.open(sound());
    await settle();
    expect(stage.log).toBe('begin, abort');
    // Nobody knows how it is with this delivery now: nothing more is promised in this transaction.
    expect((await stage.offer('b@x.org'))[0]).toMatch(/^451 /);
    expect(await stage.commit()).toEqual([]);
    expect(stage.log).toBe('begin, abort');
    expect(stage.faults).toBe(1);
  });

  it('is overtaken by the end, aborts as soon as there is something to abort', async () => {
    const late = gate<DeliveryTransaction>();
    let sound: () => DeliveryTransaction = () => fail(boom);
    const stage = new Stage({ begin: (make) => ((sound = make), late.promise) });
    const words = stage.offer('a@x.org');
    stage.transaction.end('aborted', undefined, [], 'client has gone');
    late.open(sound());
    await words;
    expect(stage.log).toBe('begin, abort');
    expect(stage.clock.pending).toBe(0);
  });
});

describe('MailTransaction, when recipient', () => {
  it.each(FAILURES)('%s, refuses that one, and no other', async (_, act, code) => {
    const stage = new Stage({ recipient: ({ mailbox: { local } }) => (local === 'bad' ? act() : undefined) });
    const words = await stage.offer('a@x.org', 'bad@x.org', 'c@x.org');
    expect(words.map((answer) => answer?.slice(0, 3))).toEqual([undefined, String(code), undefined]);
    expect(await stage.commit()).toEqual(['a@x.org 250', 'c@x.org 250']);
  });

  it.each<[string, unknown]>([
    ['null', null],
    ['true', true],
    ['a text', '250 ok'],
    ['an object', {}],
    ['354', reply(354, undefined, 'go on')],
  ])('answers %s, defers that one', async (_, answer) => {
    const stage = new Stage({ recipient: () => answer as Reply });
    expect(await stage.offer('a@x.org')).toEqual([LOCAL_ERROR]);
    expect(stage.transaction.envelope.recipients).toEqual([]);
  });

  it('answers in its own words, they are said', async () => {
    const stage = new Stage({ recipient: ({ mailbox: { local } }) => (local === 'no' ? NO : delivered('taken')) });
    expect(await stage.offer('yes@x.org', 'no@x.org')).toEqual(['250 2.0.0 Ok: taken', '550 5.1.1 no such user']);
    expect(await stage.commit()).toEqual(['yes@x.org 250']);
  });

  it('does not answer in time, promises nothing more in this transaction', async () => {
    const stage = new Stage({
      recipient: ({ mailbox: { local } }) => (local === 'slow' ? gate<undefined>().promise : undefined),
    });
    await stage.offer('a@x.org');
    const words = stage.offer('slow@x.org');
    await stage.clock.pass(BUDGET);
    expect((await words)[0]).toMatch(/^451 4\.4\.7 /);
    expect(stage.delivery.signals[0]?.aborted).toBe(true);
    expect(() => stage.transaction.body(bodyOf([]))).toThrow(SmtpError);
    expect(await stage.commit()).toEqual(['a@x.org 451']);
    stage.transaction.end('refused', undefined, [], 'x');
    expect(stage.log).toBe('begin, recipient a@x.org, recipient slow@x.org, abort');
  });
});

describe('MailTransaction, when commit', () => {
  it.each(FAILURES)('%s, fails for everybody, and aborts once', async (_, act, code) => {
    const stage = new Stage({ commit: act });
    await stage.offer('a@x.org', 'b@x.org');
    expect(await stage.commit()).toEqual([`a@x.org ${code}`, `b@x.org ${code}`]);
    stage.transaction.end('committed', undefined, [], '');
    expect(stage.delivery.count('abort')).toBe(1);
    expect(stage.faults).toBe(1);
  });

  const outcome = (of: Outcome, answer: unknown): Outcome => ({ ...of, reply: answer as Reply });
  it.each<[string, (sound: readonly Outcome[]) => unknown, string[]]>([
    ['too few', ([a]) => [a], ['a 250', 'b 451']],
    ['too many', ([a, b]) => [a, b, a], ['a 250', 'b 250']],
    ['nothing', () => undefined, ['a 451', 'b 451']],
    ['a text', () => '250', ['a 451', 'b 451']],
    ['an empty list', () => [], ['a 451', 'b 451']],
    ['those of others', ([a, b]) => [a, b].map((one) => ({ ...one, recipient: {} })), ['a 451', 'b 451']],
    ['another order', ([a, b]) => [outcome(b as Outcome, NO), a], ['a 250', 'b 550']],
    ['no reply for one', ([a, b]) => [a, outcome(b as Outcome, undefined)], ['a 250', 'b 451']],
    ['354 for one', ([a, b]) => [a, outcome(b as Outcome, reply(354, undefined, 'go on'))], ['a 250', 'b 451']],
    ['null in it', ([a]) => [a, null], ['a 250', 'b 451']],
  ])(
    'gives %s, every recipient has one outcome, of its own, and never a yes that nobody said',
    async (_, make, expected) => {
      for (const later of [false, true]) {
        const stage = new Stage({ commit: (sound) => answer(make(sound()), later) });
        await stage.offer('a@x.org', 'b@x.org');
        expect(await stage.commit()).toEqual(expected.map((one) => one.replace(' ', '@x.org ')));
      }
    },
  );

  it('does not answer in time, defers everybody and aborts; what comes later is not believed', async () => {
    const late = gate<readonly Outcome[]>();
    const stage = new Stage({ commit: () => late.promise });
    await stage.offer('a@x.org');
    const committing = stage.commit();
    await stage.clock.pass(BUDGET);
    expect(await committing).toEqual(['a@x.org 451']);
    late.fail(boom);
    await settle();
    stage.transaction.end('committed', undefined, [], '');
    expect(stage.log).toBe('begin, recipient a@x.org, commit, abort');
    expect(stage.faults).toBe(1);
    expect(stage.clock.pending).toBe(0);
  });

  it.each([
    [
      'ends well all the same',
      (open: (value: readonly Outcome[]) => void, sound: readonly Outcome[]) => open(sound),
      'committed',
      0,
    ],
    ['stops', (_: unknown, __: unknown, stop: (error: unknown) => void) => stop(boom), 'aborted', 0],
  ])('is overtaken by the end and %s, the record says so, once and only then', async (_, settleIt, end, faults) => {
    const late = gate<readonly Outcome[]>();
    let sound: readonly Outcome[] = [];
    const stage = new Stage({ commit: (make) => ((sound = make()), late.promise) });
    await stage.offer('a@x.org');
    const committing = stage.commit();
    stage.transaction.end('aborted', undefined, [], 'client has gone');
    expect(stage.delivery.count('abort')).toBe(1);
    expect(stage.records).toEqual([]);
    settleIt(late.open, sound, late.fail);
    await committing;
    expect(stage.records.map((record) => record.end)).toEqual([end]);
    expect(stage.delivery.count('abort')).toBe(1);
    expect(stage.faults).toBe(faults);
  });

  it('comes after the end, is not asked for', async () => {
    const stage = new Stage();
    await stage.offer('a@x.org');
    stage.transaction.end('aborted', undefined, [], 'client has gone');
    expect(() => stage.transaction.body(bodyOf([]))).toThrow('over');
    expect(await stage.commit()).toEqual(['a@x.org 451']);
    expect(stage.log).toBe('begin, recipient a@x.org, abort');
  });
});

describe('MailTransaction, when abort', () => {
  it.each(FAILURES)('%s, that is in the log and nowhere else', async (_, act) => {
    const stage = new Stage({ abort: act });
    await stage.offer('a@x.org');
    stage.transaction.end('aborted', undefined, [], 'reset');
    await settle();
    expect(stage.faults).toBe(1);
    expect(stage.records).toHaveLength(1);
  });
});

describe('MailTransaction, what is pending', () => {
  it('is known to whoever stops the server, until it has settled', async () => {
    const committing = gate<readonly Outcome[]>();
    const aborting = gate<void>();
    const stage = new Stage({ commit: () => committing.promise, abort: () => aborting.promise });
    await stage.offer('a@x.org');
    void stage.transaction.commit();
    expect(stage.pending.size).toBe(1);
    stage.transaction.end('aborted', undefined, [], 'client has gone');
    expect(stage.pending.size).toBe(2);
    committing.open([]);
    aborting.open();
    await settle();
    expect(stage.pending.size).toBe(0);
  });
});

function answer<T>(value: unknown, later: boolean): T {
  return (later ? settle(1).then(() => value) : value) as T;
}

function fail(error: unknown): never {
  throw error;
}
