import { bodyOf, bodyOfHeld } from '@mailverb/body';
import { SmtpError } from '@mailverb/contract';
import { reply, type Reply } from '@mailverb/protocol';
import {
  contributionsOf,
  deliver,
  describeDelivery,
  openDelivery,
  recordingLogger,
  ScriptedDelivery,
  settle,
  testRecipient,
  testSession,
  type DeliveryScript,
  type LogLine,
} from '@mailverb/testing';
import { FallbackDelivery, fallbackOptions, fallbackPlugin } from './index.js';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const codes = ({ outcomes }: { outcomes: readonly { reply: { code: number } }[] }) => outcomes.map((o) => o.reply.code);
const LATER = reply(450, '4.2.0', 'later');
const NO = reply(550, '5.1.1', 'no such user');
const OK = reply(250, '2.0.0', 'ok');
const BROKEN = () => Promise.reject(new Error('boom'));
const TO = ['a@example.org', 'b@example.org', 'c@example.org'];

/** Answers some recipients in a way of its own. */
const forSome = (answers: Readonly<Record<string, Reply>>) => (address: string) => answers[address.charAt(0)] ?? OK;

function fallback(...scripts: readonly DeliveryScript[]) {
  const log: LogLine[] = [];
  const parts = (scripts.length === 0 ? [{}, {}] : scripts).map((script) => new ScriptedDelivery(script));
  return {
    strategy: new FallbackDelivery(fallbackOptions.parse({ strategies: parts }), recordingLogger(log)),
    parts,
    log,
    stored: async () => parts.flatMap((part) => part.messages.map((message) => message.bytes)),
    leftovers: async () => parts.filter((part) => part.open !== 0).map(() => 'an open transaction'),
    went: () => parts.map((part) => part.messages.map((message) => `${message.text} to ${message.to.join(' ')}`)),
  };
}

describeDelivery('fallback', () => fallback());
describeDelivery('fallback, of which the first fails with the body', () => fallback({ body: BROKEN }, {}));
describeDelivery(
  'fallback, of which the first defers some and refuses one',
  () => fallback({ recipient: forSome({ r: NO, b: LATER }), commit: forSome({ c: LATER }) }, {}),
  { refused: 'refused@example.org' },
);

describe('FallbackDelivery', () => {
  it('leaves the second alone while the first delivers', async () => {
    const { strategy, parts, went } = fallback();
    expect(codes(await deliver(strategy, TO, bytes('hi')))).toEqual([250, 250, 250]);
    expect(went()).toEqual([['hi to a@example.org b@example.org c@example.org'], []]);
    expect(parts[1]?.calls).toEqual([]);
  });

  it('offers what all can do, and tells all of the end of a session', () => {
    const closed: string[] = [];
    const part = (name: string, keyword: string) =>
      Object.assign(new ScriptedDelivery(), {
        offers: (asked: string, argument: string | undefined) => (asked === keyword ? (false as const) : argument),
        sessionClosed: () => void closed.push(name),
      });
    const options = fallbackOptions.parse({ strategies: [part('a', 'DSN'), part('b', 'SMTPUTF8')] });
    const strategy = new FallbackDelivery(options, recordingLogger([]));
    const offered = ['DSN', 'SMTPUTF8', 'SIZE'].map((keyword) => strategy.offers?.(keyword, '1', testSession()));
    expect(offered).toEqual([false, false, '1']);
    strategy.sessionClosed?.(testSession());
    expect(closed).toEqual(['a', 'b']);
  });

  it('promises the least, and wants the whole message', () => {
    const { strategy } = fallback({ durability: 'remote' }, { durability: 'disk' });
    expect([strategy.durability, strategy.wholeMessage]).toEqual(['disk', true]);
  });

  it('gives a recipient that the first defers at RCPT to the second at once', async () => {
    const { strategy, parts, went } = fallback({ recipient: forSome({ b: LATER }) }, {}, {});
    expect(codes(await deliver(strategy, TO, bytes('hi')))).toEqual([250, 250, 250]);
    expect(went()).toEqual([['hi to a@example.org c@example.org'], ['hi to b@example.org'], []]);
    expect(parts[1]?.calls).toEqual(['begin', 'recipient b@example.org', 'body', 'commit']);
  });

  it('gives recipients that the first defers at commit to the second, with those that it already has', async () => {
    const { strategy, parts, went } = fallback({ recipient: forSome({ b: LATER }), commit: forSome({ c: LATER }) }, {});
    const sent = await deliver(strategy, TO, bytes('hi'));
    expect(codes(sent)).toEqual([250, 250, 250]);
    expect(sent.outcomes.map((o) => o.recipient)).toEqual(sent.taken);
    expect(went()).toEqual([['hi to a@example.org'], ['hi to b@example.org c@example.org']]);
    expect(parts[1]?.calls.filter((call) => call === 'begin')).toHaveLength(1);
  });

  it.each<[string, DeliveryScript]>([
    ['begin', { begin: BROKEN }],
    ['recipient', { recipient: BROKEN }],
    ['body', { body: BROKEN }],
    ['commit', { commit: BROKEN }],
    ['body, with a 4xx', { body: () => Promise.reject(new SmtpError(LATER, 'boom')) }],
    ['commit, by 4xx outcomes', { commit: () => LATER }],
    ['body, with an error that says yes', { body: () => Promise.reject(new SmtpError(OK, 'boom')) }],
    ['commit, with an error that says yes', { commit: () => Promise.reject(new SmtpError(OK, 'boom')) }],
    ['recipient, with an error that says yes', { recipient: () => Promise.reject(new SmtpError(OK, 'boom')) }],
  ])('goes on with the next when one fails in %s', async (_, script) => {
    const { strategy, went, log, leftovers } = fallback(script, script, {});
    expect(codes(await deliver(strategy, TO, bytes('hi')))).toEqual([250, 250, 250]);
    expect(went()).toEqual([[], [], ['hi to a@example.org b@example.org c@example.org']]);
    if (!('commit' in script) || script.commit === BROKEN) {
      expect(log[0]).toMatchObject({ level: 'warn', fields: { strategy: 0 } });
      expect(log.map((line) => line.fields['strategy'])).toContain(1);
    }
    expect(await leftovers()).toEqual([]);
  });

  it('takes a 5xx for final, at RCPT, at commit and with the body', async () => {
    const atRcpt = fallback({ recipient: forSome({ a: NO }) }, {});
    const sent = await deliver(atRcpt.strategy, TO, bytes('hi'));
    expect([...sent.refused]).toEqual([['a@example.org', NO]]);
    expect(atRcpt.parts[1]?.calls).toEqual([]);

    const atCommit = fallback({ commit: forSome({ b: NO, c: LATER }) }, {});
    expect(codes(await deliver(atCommit.strategy, TO, bytes('hi')))).toEqual([250, 550, 250]);
    expect(atCommit.went()).toEqual([['hi to a@example.org'], ['hi to c@example.org']]);

    const tooBig = new SmtpError(reply(552, '5.3.4', 'too big'), 'boom');
    const withBody = fallback({ body: () => Promise.reject(tooBig) }, {});
    expect(codes(await deliver(withBody.strategy, TO, bytes('hi')))).toEqual([552, 552, 552]);
    expect(withBody.parts[1]?.calls).toEqual([]);
  });

  it('takes what the next one refuses for final too', async () => {
    const { strategy, went } = fallback({ commit: () => LATER }, { recipient: forSome({ a: NO, b: LATER }) });
    expect(codes(await deliver(strategy, TO, bytes('hi')))).toEqual([550, 450, 250]);
    expect(went()).toEqual([[], ['hi to c@example.org']]);
  });

  it('says what the last one said when all defer, and leaves nothing open', async () => {
    const last = reply(451, '4.4.1', 'nobody is there');
    const atRcpt = fallback({ recipient: () => LATER }, { recipient: () => last });
    const { refused } = await deliver(atRcpt.strategy, ['a@example.org'], bytes('hi'));
    expect([...refused.values()]).toEqual([last]);
    expect(await atRcpt.leftovers()).toEqual([]);
    const atCommit = fallback({ commit: () => LATER }, { commit: () => last });
    const { outcomes } = await deliver(atCommit.strategy, ['a@example.org'], bytes('hi'));
    expect(outcomes.map((o) => o.reply)).toEqual([last]);
    const broken = fallback({ begin: BROKEN }, { begin: BROKEN });
    const sent = await deliver(broken.strategy, ['a@example.org'], bytes('hi'));
    expect([...sent.refused.values()].map((r) => r.code)).toEqual([451]);
  });

  it('ends a transaction in which nobody is left', async () => {
    const { strategy, parts } = fallback({ recipient: () => LATER }, {});
    expect(codes(await deliver(strategy, ['a@example.org'], bytes('hi')))).toEqual([250]);
    expect(parts[0]?.calls).toEqual(['begin', 'recipient a@example.org', 'abort']);
  });

  it('does not take a body that is not held', async () => {
    const { strategy } = fallback();
    await expect(deliver(strategy, ['a@example.org'], bodyOf([bytes('x')]))).rejects.toThrow('not held');
  });

  it.each(['aborted', 'signalled'])(
    'asks nobody else for a recipient whose answer comes when it is %s',
    async (how) => {
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
      const deferring = async (to: string) => (await waits(to), to.startsWith('b') ? LATER : undefined);
      const { strategy, parts } = fallback({ recipient: deferring }, {});
      const { transaction } = await openDelivery(strategy, ['a@example.org'], { context });
      const late = Promise.resolve(transaction.recipient(testRecipient('b@example.org')));
      await settle();
      if (how === 'aborted') await transaction.abort('test');
      cancel.abort();
      cancel = new AbortController();
      answer();
      expect(await late).toMatchObject({ code: 451 });
      expect(parts[1]?.calls).toEqual([]);
    },
  );

  it('tries nobody else when it is aborted while one commits', async () => {
    let reached: () => void = () => undefined;
    const committing = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const hanging = () => {
      reached();
      return new Promise<Reply>(() => undefined);
    };
    const stuck = fallback({ commit: hanging }, {});
    const { transaction } = await openDelivery(stuck.strategy, TO);
    await transaction.body(bodyOfHeld({ size: 1, open: () => bodyOf([bytes('x')]) }));
    void transaction.commit();
    await committing;
    await transaction.abort('the server gave up');
    await settle();
    expect(stuck.parts[0]?.calls.at(-1)).toBe('abort');
    expect(stuck.parts[1]?.calls).toEqual([]);

    const deferring = fallback({ body: BROKEN }, {});
    const open = await openDelivery(deferring.strategy, TO);
    await open.transaction.body(bodyOfHeld({ size: 1, open: () => bodyOf([bytes('x')]) }));
    const commit = Promise.resolve(open.transaction.commit());
    commit.catch(() => undefined);
    await open.transaction.abort('test');
    await expect(commit).rejects.toThrow('aborted');
    expect(deferring.parts[1]?.calls).toEqual([]);
    expect(await deferring.leftovers()).toEqual([]);
  });
});

describe('the plugin', () => {
  it('contributes the strategy fallback', () => {
    expect(fallbackPlugin.name).toBe('delivery-fallback');
    expect(fallbackPlugin.nested).toEqual({ 'strategies[]': 'delivery' });
    expect(contributionsOf(fallbackPlugin)).toEqual([{ kind: 'delivery', name: 'fallback', value: FallbackDelivery }]);
  });

  it('wants two deliveries at least, and refuses options that it does not know', () => {
    const one = new ScriptedDelivery();
    expect(fallbackOptions.safeParse({ strategies: [one, one] }).success).toBe(true);
    expect(fallbackOptions.safeParse({ strategies: [one] }).success).toBe(false);
    expect(fallbackOptions.safeParse({ strategies: [one, one], tries: 3 }).success).toBe(false);
  });
});
