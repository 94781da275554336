import { bodyOf, collect } from '@mailverb/body';
import { BodyAborted } from '@mailverb/contract';
import { reply } from '@mailverb/protocol';
import {
  contributionsOf,
  deliver,
  describeDelivery,
  FakeClock,
  openDelivery,
  recordingLogger,
  ScriptedDelivery,
  settle,
  testRecipient,
  testSession,
  type DeliveryScript,
  type LogLine,
} from '@mailverb/testing';
import { TeeDelivery, teeOptions, teePlugin } from './index.js';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const codes = ({ outcomes }: { outcomes: readonly { reply: { code: number } }[] }) => outcomes.map((o) => o.reply.code);
const TO = ['a@example.org', 'b@example.org'];
const NO = reply(550, '5.1.1', 'no such user');

function tee(require: 'first' | 'all', to: DeliveryScript = {}, ...copies: readonly DeliveryScript[]) {
  const log: LogLine[] = [];
  const clock = new FakeClock();
  const first = new ScriptedDelivery(to);
  const others = (copies.length === 0 ? [{}] : copies).map((script) => new ScriptedDelivery(script));
  const all = [first, ...others];
  const options = teeOptions.parse({ to: first, copies: others, require });
  return {
    strategy: new TeeDelivery(options, clock, recordingLogger(log)),
    first,
    others,
    log,
    clock,
    stored: async () => all.flatMap((part) => part.messages.map((message) => message.bytes)),
    leftovers: async () => all.filter((part) => part.open !== 0).map(() => 'an open transaction'),
    went: () => all.map((part) => part.messages.map((message) => `${message.text} to ${message.to.join(' ')}`)),
  };
}

describeDelivery('tee', () => tee('first', {}, {}, {}), { copies: 3 });
describeDelivery('tee, of which one copy wants the whole message', () => tee('first', {}, { wholeMessage: true }), {
  copies: 2,
});
// Copies are made first here, so only what `to` has stored is visible to the recipients.
describeDelivery('tee that requires all', () => {
  const all = tee('all');
  return { ...all, stored: async () => all.first.messages.map((message) => message.bytes) };
});

describe.each(['first', 'all'] as const)('TeeDelivery, require %s', (require) => {
  it('offers what all can do who must succeed, and tells everybody of the end of a session', () => {
    const closed: string[] = [];
    const part = (name: string, keyword: string) =>
      Object.assign(new ScriptedDelivery(), {
        offers: (asked: string, argument: string | undefined) => (asked === keyword ? (false as const) : argument),
        sessionClosed: () => void closed.push(name),
      });
    const options = teeOptions.parse({ to: part('to', 'DSN'), copies: [part('copy', 'SMTPUTF8')], require });
    const strategy = new TeeDelivery(options, new FakeClock(), recordingLogger([]));
    const offered = ['DSN', 'SMTPUTF8', 'SIZE'].map((keyword) => strategy.offers?.(keyword, '1', testSession()));
    expect(offered).toEqual([false, require === 'all' ? false : '1', '1']);
    strategy.sessionClosed?.(testSession());
    expect(closed).toEqual(['to', 'copy']);
  });

  it('gives `to` and every copy the message for the recipients that `to` takes', async () => {
    const { strategy, first, others, went } = tee(
      require,
      { recipient: (to) => (to === 'x@example.org' ? NO : undefined) },
      {},
      {},
    );
    const sent = await deliver(
      strategy,
      ['a@example.org', 'x@example.org', 'b@example.org'],
      bodyOf([bytes('h'), bytes('i')]),
    );
    expect(sent.refused.get('x@example.org')).toBe(NO);
    expect(codes(sent)).toEqual([250, 250]);
    const expected = ['hi to a@example.org b@example.org'];
    expect(went()).toEqual([expected, expected, expected]);
    for (const part of [first, ...others]) {
      expect(part.envelopes[0]?.recipients.map((r) => r.mailbox.address)).toEqual(TO);
    }
  });

  it('begins copies only with the mail data', async () => {
    const { strategy, others } = tee(require);
    const { transaction } = await openDelivery(strategy, TO);
    expect(others[0]?.calls).toEqual([]);
    await transaction.abort('test');
    expect(others[0]?.calls).toEqual([]);
  });

  it.each<[string, DeliveryScript]>([
    ['begin', { begin: () => Promise.reject(new Error('boom')) }],
    ['recipient', { recipient: () => Promise.reject(new Error('boom')) }],
    ['body', { body: () => Promise.reject(new Error('boom')) }],
    ['commit', { commit: () => Promise.reject(new Error('boom')) }],
    ['commit, by an outcome', { commit: () => reply(452, '4.3.1', 'full') }],
    ['recipient, by a refusal', { recipient: () => NO }],
  ])('does what it says if a copy fails in %s', async (_, script) => {
    const { strategy, went, log, leftovers, first } = tee(require, {}, script, {});
    const result = await deliver(strategy, TO, bodyOf([bytes('h'), bytes('i')])).catch((error: unknown) => error);
    if (require === 'first') {
      expect(result).toMatchObject({ outcomes: [{ reply: { code: 250 } }, { reply: { code: 250 } }] });
      const delivered = ['hi to a@example.org b@example.org'];
      expect(went()).toEqual([delivered, [], delivered]);
    } else {
      expect(result).toMatchObject({ name: 'SmtpError', reply: { code: 451 } });
      expect(went()[0]).toEqual([]);
      expect(first.calls.at(-1)).toBe('abort');
    }
    if (require === 'first') expect(log.map((line) => line.fields['copy'])).toContain(0);
    expect(await leftovers()).toEqual([]);
  });

  it.each<[string, DeliveryScript]>([
    ['body', { body: () => Promise.reject(new Error('boom')) }],
    ['commit', { commit: () => Promise.reject(new Error('boom')) }],
  ])('fails as `to` fails in %s, and leaves nothing open', async (_, script) => {
    const { strategy, first, leftovers } = tee(require, script);
    await expect(deliver(strategy, TO, bodyOf([bytes('h'), bytes('i')]))).rejects.toThrow('boom');
    await settle();
    expect(first.messages).toEqual([]);
    expect(await leftovers()).toEqual([]);
  });

  it('passes on that the client has gone, and blames nobody', async () => {
    const { strategy, log, went, leftovers } = tee(require);
    const broken = bodyOf(
      (async function* () {
        yield bytes('x');
        throw new BodyAborted('gone');
      })(),
    );
    await expect(deliver(strategy, TO, broken)).rejects.toThrow(BodyAborted);
    await settle();
    expect([log, went()]).toEqual([[], [[], []]]);
    expect(await leftovers()).toEqual([]);
  });
});

describe('TeeDelivery', () => {
  it('promises what `to` promises, or the least where all are required', () => {
    const durabilities = [{ durability: 'disk' }, { durability: 'none' }] as const;
    expect(tee('first', ...durabilities).strategy.durability).toBe('disk');
    expect(tee('all', ...durabilities).strategy.durability).toBe('none');
    expect(tee('first').strategy.wholeMessage).toBe(false);
    expect(tee('first', {}, { wholeMessage: true }).strategy.wholeMessage).toBe(true);
  });

  it('copies for nobody whom `to` has answered with a 3xx, and nothing that has no final reply', async () => {
    const more = reply(354, undefined, 'go on');
    const asked = tee('first', { recipient: (to) => (to === 'a@example.org' ? more : undefined) });
    const { transaction } = await openDelivery(asked.strategy, TO);
    await transaction.body(bodyOf([bytes('x')]));
    await transaction.commit();
    expect(asked.others[0]?.messages.map((message) => message.to)).toEqual([['b@example.org']]);
    const done = tee('first', { commit: () => more });
    await deliver(done.strategy, TO, bytes('x'));
    expect(done.others[0]?.calls.at(-1)).toBe('abort');
  });

  it('copies only what was delivered (require first)', async () => {
    const deferred = tee('first', { commit: () => reply(451, '4.0.0', 'later') });
    expect(codes(await deliver(deferred.strategy, TO, bytes('x')))).toEqual([451, 451]);
    expect(deferred.others[0]?.calls.at(-1)).toBe('abort');
    const part = tee('first', {
      commit: (to) => (to === 'a@example.org' ? reply(451, '4.0.0', 'later') : reply(250, '2.0.0', '')),
    });
    expect(codes(await deliver(part.strategy, TO, bytes('x')))).toEqual([451, 250]);
    expect(part.others[0]?.messages).toHaveLength(1);
  });

  it('has every copy before `to` delivers (require all)', async () => {
    const order: string[] = [];
    const note = (name: string) => ({
      commit: () => {
        order.push(name);
        return reply(250, '2.0.0', '');
      },
    });
    await deliver(tee('all', note('to'), note('copy'), note('copy')).strategy, ['a@example.org'], bytes('x'));
    expect(order).toEqual(['copy', 'copy', 'to']);
  });

  it.each(['aborted', 'signalled'])('takes no recipient whose answer comes when it is %s', async (how) => {
    let answer: () => void = () => undefined;
    // As the server does it: a new signal when one has fired.
    let cancel = new AbortController();
    const context = {
      get signal() {
        return cancel.signal;
      },
    };
    const waits = (to: string) =>
      to === 'a@example.org' ? undefined : new Promise<undefined>((resolve) => (answer = () => resolve(undefined)));
    const { strategy, others } = tee('first', { recipient: waits });
    const { transaction } = await openDelivery(strategy, ['a@example.org'], { context });
    const late = Promise.resolve(transaction.recipient(testRecipient('b@example.org')));
    await settle();
    if (how === 'aborted') await transaction.abort('test');
    cancel.abort();
    cancel = new AbortController();
    answer();
    expect(await late).toMatchObject({ code: 451 });
    if (how === 'aborted') return;
    await transaction.body(bodyOf([bytes('x')]));
    await transaction.commit();
    expect(others[0]?.messages.map((message) => message.to)).toEqual([['a@example.org']]);
  });

  it('does not wait for ever for a copy, and lets it go on (require first)', async () => {
    let finish: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const { strategy, clock, others, log } = tee(
      'first',
      {},
      { commit: () => slow.then(() => reply(250, '2.0.0', '')) },
    );
    const sent = deliver(strategy, ['a@example.org'], bytes('x'));
    await clock.advance(29_999);
    expect(log).toEqual([]);
    await clock.advance(1);
    expect(codes(await sent)).toEqual([250]);
    expect(others[0]?.messages).toEqual([]);
    expect(log.map((line) => line.message)).toEqual([expect.stringContaining('take too long')]);
    finish();
    await settle();
    expect(others[0]?.messages).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it.each<[string, DeliveryScript]>([
    ['begin', { begin: () => new Promise(() => undefined) }],
    ['recipient', { recipient: () => new Promise(() => undefined) }],
    ['body', { body: () => new Promise(() => undefined) }],
    ['body, after a chunk', { body: async (body) => (await body.read(), new Promise(() => undefined)) }],
    ['body, after the end', { body: async (body) => (await collect(body), new Promise(() => undefined)) }],
  ])('gives a copy up that stands still in %s (require first)', async (_, script) => {
    const { strategy, clock, others, went, log } = tee('first', {}, script, {});
    const sent = deliver(strategy, TO, bodyOf([bytes('h'), bytes('i')]));
    await clock.advance(29_999);
    expect(went()[0]).toEqual([]);
    await clock.advance(1);
    expect(codes(await sent)).toEqual([250, 250]);
    const delivered = ['hi to a@example.org b@example.org'];
    expect(went()).toEqual([delivered, [], delivered]);
    expect(log.map((line) => [line.message, line.fields['copy']])).toEqual([
      ['tee: a copy takes too long and is given up', 0],
    ]);
    if (!('begin' in script)) expect(others[0]?.calls.at(-1)).toBe('abort');
    expect(clock.pending).toBe(0);
  });

  it('does not blame a copy for a client that is slow (require first)', async () => {
    const { strategy, clock, went, log } = tee('first');
    const next: (() => void)[] = [];
    const slow = bodyOf(
      (async function* () {
        for (const chunk of ['h', 'i']) {
          await new Promise<void>((resolve) => next.push(resolve));
          yield bytes(chunk);
        }
      })(),
    );
    const sent = deliver(strategy, ['a@example.org'], slow);
    for (let i = 0; i < 2; i += 1) {
      await clock.advance(100_000);
      next[i]?.();
    }
    expect(codes(await sent)).toEqual([250]);
    expect(went()).toEqual([['hi to a@example.org'], ['hi to a@example.org']]);
    expect(log).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('does not wait for ever until a copy is aborted (require first)', async () => {
    const hangs = new ScriptedDelivery();
    const begin = hangs.begin.bind(hangs);
    hangs.begin = async (...args) =>
      Object.assign(await begin(...args), { abort: () => new Promise<void>(() => undefined) });
    const log: LogLine[] = [];
    const clock = new FakeClock();
    const to = new ScriptedDelivery({ commit: () => reply(451, '4.0.0', 'later') });
    const strategy = new TeeDelivery(teeOptions.parse({ to, copies: [hangs] }), clock, recordingLogger(log));
    const sent = deliver(strategy, ['a@example.org'], bytes('x'));
    await clock.advance(30_000);
    expect(codes(await sent)).toEqual([451]);
  });

  it('makes the copies of what was delivered, also when it is aborted after that (require first)', async () => {
    let finish: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const { strategy, first, others } = tee('first', {}, { commit: () => slow.then(() => reply(250, '2.0.0', '')) });
    const { transaction } = await openDelivery(strategy, ['a@example.org']);
    await transaction.body(bodyOf([bytes('x')]));
    const commit = transaction.commit();
    await settle();
    expect(first.messages).toHaveLength(1);
    await transaction.abort('the server gave up');
    finish();
    await commit;
    expect(others[0]?.messages).toHaveLength(1);
  });
});

describe.each(['first', 'all'] as const)('TeeDelivery, aborted, require %s', (require) => {
  it('begins no copy', async () => {
    const { strategy, others } = tee(require);
    const { transaction } = await openDelivery(strategy, TO);
    await transaction.abort('test');
    await expect(transaction.body(bodyOf([bytes('x')]))).rejects.toThrow(BodyAborted);
    await expect(transaction.commit()).rejects.toThrow(BodyAborted);
    expect(others[0]?.calls).toEqual([]);
  });
});

describe('the plugin', () => {
  it('contributes the strategy tee', () => {
    expect(teePlugin.name).toBe('delivery-tee');
    expect(teePlugin.nested).toEqual({ to: 'delivery', 'copies[]': 'delivery' });
    expect(contributionsOf(teePlugin)).toEqual([{ kind: 'delivery', name: 'tee', value: TeeDelivery }]);
  });

  it('wants `to` and copies, and refuses options that it does not know', () => {
    const to = new ScriptedDelivery();
    expect(teeOptions.parse({ to, copies: [to] })).toEqual({ to, copies: [to], require: 'first', copyTimeout: 30_000 });
    expect(teeOptions.safeParse({ to, copies: [] }).success).toBe(false);
    expect(teeOptions.safeParse({ copies: [to] }).success).toBe(false);
    expect(teeOptions.safeParse({ to, copies: [to], requires: 'all' }).success).toBe(false);
  });
});
