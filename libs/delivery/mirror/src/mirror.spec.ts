import { bodyOf, bodyOfHeld, heldBytes } from '@mailverb/body';
import { BodyAborted, type DeliveryStrategy } from '@mailverb/contract';
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
  testSession,
  type DeliveryScript,
  type LogLine,
} from '@mailverb/testing';
import { MirrorDelivery, mirrorOptions, mirrorPlugin, type MirrorOptionsInput } from './index.js';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const codes = ({ outcomes }: { outcomes: readonly { reply: { code: number } }[] }) => outcomes.map((o) => o.reply.code);
const TO = ['a@example.org', 'b@example.org'];
const NO = reply(550, '5.1.1', 'no such user');
const NEVER = new Promise<never>(() => {});

function mirror(
  toScript: DeliveryScript = {},
  shadowScript: DeliveryScript = {},
  more: Partial<Omit<MirrorOptionsInput, 'to' | 'shadow'>> = {},
) {
  const log: LogLine[] = [];
  const clock = new FakeClock();
  const to = new ScriptedDelivery(toScript);
  const shadow = new ScriptedDelivery(shadowScript);
  const options = mirrorOptions.parse({ ...more, to, shadow });
  const messages = (part: ScriptedDelivery) =>
    part.messages.map((message) => `${message.text} to ${message.to.join(' ')}`);
  return {
    strategy: new MirrorDelivery(options, clock, recordingLogger(log)),
    to,
    shadow,
    log,
    clock,
    lines: () => log.map((line) => line.message),
    went: async () => {
      await settle();
      return { to: messages(to), shadow: messages(shadow) };
    },
    leftovers: async () => {
      await settle();
      return [to, shadow].filter((part) => part.open !== 0).map(() => 'an open transaction');
    },
  };
}

type Scene = ReturnType<typeof mirror>;
const both = (scene: Scene) => ({
  ...scene,
  stored: async () => {
    await settle();
    return [scene.to, scene.shadow].flatMap((part) => part.messages.map((message) => message.bytes));
  },
});
const onlyTo = (scene: Scene) => ({
  ...scene,
  stored: async () => scene.to.messages.map((message) => message.bytes),
});

describeDelivery('mirror', () => both(mirror()), { copies: 2 });
describeDelivery('mirror, whose shadow wants the whole message', () => both(mirror({}, { wholeMessage: true })), {
  copies: 2,
});
describeDelivery('mirror, whose shadow fails', () =>
  onlyTo(mirror({}, { body: () => Promise.reject(new Error('boom')) })),
);
describe('MirrorDelivery', () => {
  it('gives the shadow a copy for those whom `to` takes', async () => {
    const scene = mirror({ recipient: (to) => (to === 'x@example.org' ? NO : undefined) });
    const sent = await deliver(
      scene.strategy,
      ['a@example.org', 'x@example.org', 'b@example.org'],
      bodyOf([bytes('h'), bytes('i')]),
    );
    expect(sent.refused.get('x@example.org')).toBe(NO);
    expect(codes(sent)).toEqual([250, 250]);
    const expected = ['hi to a@example.org b@example.org'];
    expect(await scene.went()).toEqual({ to: expected, shadow: expected });
    expect(scene.log).toEqual([]);
    expect(scene.clock.pending).toBe(0);
  });

  it('promises and offers what `to` does, and nothing less for its shadow', () => {
    const offers = () => false as const;
    const to = Object.assign(new ScriptedDelivery({ durability: 'remote' }));
    const shadow = Object.assign(new ScriptedDelivery({ durability: 'none', wholeMessage: true }), { offers });
    const strategy = new MirrorDelivery(mirrorOptions.parse({ to, shadow }), new FakeClock(), recordingLogger([]));
    expect([strategy.durability, strategy.wholeMessage, strategy.offers]).toEqual(['remote', true, undefined]);
    const other = new MirrorDelivery(
      mirrorOptions.parse({ to: shadow, shadow: to }),
      new FakeClock(),
      recordingLogger([]),
    );
    expect([other.durability, other.offers?.('SIZE', '1', testSession())]).toEqual(['none', false]);
  });

  it.each<[string, DeliveryScript]>([
    ['begins', { begin: () => Promise.reject(new Error('boom')) }],
    ['refuses', { recipient: () => NO }],
    ['throws at a recipient', { recipient: () => Promise.reject(new Error('boom')) }],
    ['throws at the body', { body: () => Promise.reject(new Error('boom')) }],
    ['defers', { commit: () => reply(451, '4.3.0', 'later') }],
    ['throws at the commit', { commit: () => Promise.reject(new Error('boom')) }],
  ])('does not care how the shadow fails when it %s, and logs it', async (_, script) => {
    const scene = mirror({}, script);
    expect(codes(await deliver(scene.strategy, TO, bodyOf([bytes('h'), bytes('i')])))).toEqual([250, 250]);
    expect(await scene.went()).toEqual({ to: ['hi to a@example.org b@example.org'], shadow: [] });
    expect(scene.log.length).toBeGreaterThan(0);
    expect(new Set(scene.log.map((line) => line.level))).toEqual(new Set(['warn']));
    expect(scene.log[0]?.fields['transaction']).toMatch(/^test-/);
    expect(await scene.leftovers()).toEqual([]);
    expect(scene.clock.pending).toBe(0);
  });

  it.each<[string, DeliveryScript]>([
    ['begin', { begin: () => NEVER }],
    ['a recipient', { recipient: () => NEVER }],
    ['the body', { body: () => NEVER }],
    ['the commit', { commit: () => NEVER }],
  ])('does not wait for a shadow that hangs at %s, and gives it up in time', async (_, script) => {
    const scene = mirror({}, script, { timeout: '10s' });
    expect(codes(await deliver(scene.strategy, TO, bodyOf([bytes('h'), bytes('i')])))).toEqual([250, 250]);
    expect(await scene.went()).toMatchObject({ to: ['hi to a@example.org b@example.org'] });
    expect(scene.log).toEqual([]);
    await scene.clock.advance(10_000);
    expect(scene.lines().some((line) => line.includes('takes too long'))).toBe(true);
    expect(scene.clock.pending).toBe(0);
    if (script.begin === undefined) expect(scene.shadow.open).toBe(0);
  });

  it('gives up a shadow that lags behind too far, and reads on', async () => {
    let seen: AsyncIterator<Uint8Array> | undefined;
    const scene = mirror(
      {},
      {
        body: (body) => {
          seen = body[Symbol.asyncIterator]();
          return NEVER;
        },
      },
      { buffer: 4000 },
    );
    const chunks = Array.from({ length: 100 }, () => bytes('x'.repeat(100)));
    const body = bodyOf(
      (async function* () {
        for (const chunk of chunks) {
          yield chunk;
          await settle();
        }
      })(),
    );
    expect(codes(await deliver(scene.strategy, TO, body))).toEqual([250, 250]);
    expect(scene.to.messages[0]?.bytes).toHaveLength(10_000);
    expect(scene.log).toMatchObject([{ level: 'warn', fields: { dropped: 1 } }]);
    await expect(seen?.next()).rejects.toThrow(BodyAborted);
    expect(await scene.leftovers()).toEqual([]);
  });

  it('bounds what many small chunks cost, as a slow client sends them (attack A13)', async () => {
    const scene = mirror({}, { body: () => NEVER }, { buffer: 10_000 });
    const body = bodyOf(
      (async function* () {
        for (let i = 0; i < 200; i++) yield bytes('x');
      })(),
    );
    expect(codes(await deliver(scene.strategy, TO, body))).toEqual([250, 250]);
    expect(scene.lines()).toEqual([
      'mirror: the shadow does without a message: it is slower than the delivery by more than buffer',
    ]);
  });

  it('copies what is held and small enough, as it goes away with the transaction', async () => {
    let open: (() => void) | undefined;
    const later = new Promise<void>((resolve) => (open = resolve));
    const scene = mirror({ wholeMessage: true }, { begin: () => later }, { buffer: 10 });
    const message = bytes('0123456789');
    expect(codes(await deliver(scene.strategy, TO, bodyOfHeld(heldBytes(message))))).toEqual([250, 250]);
    message.fill(0);
    open?.();
    expect(await scene.went()).toMatchObject({ shadow: ['0123456789 to a@example.org b@example.org'] });
    await deliver(scene.strategy, TO, bytes('0123456789A'));
    expect((await scene.went()).shadow).toHaveLength(1);
    expect(scene.lines()).toEqual(['mirror: the shadow does without a message: it is held, and larger than buffer']);
  });

  it('delivers what can not be copied', async () => {
    const scene = mirror({ wholeMessage: true });
    let opened = 0;
    const held = {
      size: 2,
      open: () => {
        // The copy is what opens it first.
        if (opened++ === 0) throw new Error('the file is gone');
        return bodyOf([bytes('hi')]);
      },
    };
    const body = Object.defineProperty(bodyOf([bytes('hi')]), 'held', { value: held });
    expect(codes(await deliver(scene.strategy, TO, body))).toEqual([250, 250]);
    expect(await scene.went()).toEqual({ to: ['hi to a@example.org b@example.org'], shadow: [] });
    expect(scene.lines()).toEqual(['mirror: the message could not be copied']);
    expect(await scene.leftovers()).toEqual([]);
  });

  it('has the shadow deliver nothing that was not delivered', async () => {
    const scene = mirror({ commit: () => reply(451, '4.3.0', 'later') });
    expect(codes(await deliver(scene.strategy, TO, bodyOf([bytes('hi')])))).toEqual([451, 451]);
    expect(await scene.went()).toEqual({ to: [], shadow: [] });
    const throws = mirror({ commit: () => Promise.reject(new Error('boom')) });
    await expect(deliver(throws.strategy, TO, bodyOf([bytes('hi')]))).rejects.toThrow('boom');
    expect(await throws.went()).toEqual({ to: [], shadow: [] });
    expect([await scene.leftovers(), await throws.leftovers()]).toEqual([[], []]);
  });

  it('keeps the shadow busy with so many messages and no more', async () => {
    const scene = mirror({}, { commit: () => NEVER }, { maxMessages: 2, timeout: '10s' });
    for (let i = 0; i < 3; i++) await deliver(scene.strategy, TO, bodyOf([bytes('hi')]));
    expect(scene.shadow.calls.filter((call) => call === 'begin')).toHaveLength(2);
    expect(scene.log).toMatchObject([{ fields: { dropped: 1 } }]);
  });

  it('has an end: what the shadow is busy with is given up', async () => {
    const scene = mirror(
      {},
      {
        body: (body) =>
          (async () => {
            for await (const chunk of body) void chunk;
          })(),
      },
    );
    const open = await openDelivery(scene.strategy, TO);
    const client = new Promise<Uint8Array>(() => {});
    void open.transaction.body(
      bodyOf(
        (async function* () {
          yield await client;
        })(),
      ),
    );
    await settle();
    expect(scene.shadow.open).toBe(1);
    await scene.strategy.stop();
    expect(scene.shadow.open).toBe(0);
    expect(scene.clock.pending).toBe(0);
  });

  it('and one for a shadow that does not stop', async () => {
    const scene = mirror({}, { begin: () => NEVER }, { timeout: '10s' });
    await deliver(scene.strategy, TO, bodyOf([bytes('hi')]));
    const stopped = scene.strategy.stop();
    await scene.clock.advance(10_000);
    await stopped;
    expect(scene.clock.pending).toBe(0);
  });

  it('tells the shadow of the end of a session when it has done with its messages', async () => {
    const closed: string[] = [];
    let go: (() => void) | undefined;
    const later = new Promise<void>((resolve) => (go = resolve));
    const part = (name: string, script: DeliveryScript = {}): DeliveryStrategy =>
      Object.assign(new ScriptedDelivery(script), { sessionClosed: () => void closed.push(name) });
    const shadow = part('shadow', { begin: () => later });
    const strategy = new MirrorDelivery(
      mirrorOptions.parse({ to: part('to'), shadow }),
      new FakeClock(),
      recordingLogger([]),
    );
    const session = testSession();
    await deliver(strategy, TO, bodyOf([bytes('hi')]), { session });
    strategy.sessionClosed(session);
    strategy.sessionClosed(testSession());
    expect(closed).toEqual(['to', 'to', 'shadow']);
    go?.();
    await settle();
    expect(closed).toEqual(['to', 'to', 'shadow', 'shadow']);
  });
});

describe('the plugin', () => {
  it('contributes the strategy mirror', () => {
    expect(mirrorPlugin.nested).toEqual({ to: 'delivery', shadow: 'delivery' });
    expect(contributionsOf(mirrorPlugin)).toEqual([{ kind: 'delivery', name: 'mirror', value: MirrorDelivery }]);
  });

  it('refuses options that it does not know', () => {
    const to = new ScriptedDelivery();
    expect(mirrorOptions.safeParse({ to, shadow: to }).success).toBe(true);
    expect(mirrorOptions.safeParse({ to }).success).toBe(false);
    expect(mirrorOptions.safeParse({ to, shadow: to, words: 'x' }).success).toBe(false);
  });
});
