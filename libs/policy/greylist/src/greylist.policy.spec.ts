/** The policy greylist: the contract, the ancestor's times, who does not wait, and what is asked at once. */
import { join } from 'node:path';
import { definePlugin, isRefusal, use, type PluginUse } from '@mailverb/contract';
import {
  FakeClock,
  acceptEverybody,
  contributionsOf,
  describeConversations,
  describePolicy,
  listenerSettings,
  plainVerbs,
  testServer,
} from '@mailverb/testing';
import { dayKey, dayOf, decodeCounts } from './counts.js';
import { Desk, type Asked } from './desk.fixture.js';
import { greylistOptions } from './greylist.options.js';
import { GreylistPolicy } from './greylist.policy.js';
import { greylistPlugin } from './plugin.js';
import { FAILING, LateStore, MapStore } from './store.fixture.js';

const SECOND = 1000;
const HOUR = 3600 * SECOND;

describePolicy('greylist', () => new Desk({ autoAllow: { after: 1 } }).policy, { stages: ['rcpt'], remembers: true });

/** A store for one server, with its clock. */
const storePlugin = definePlugin({ name: 'store-test', register: (contribute) => contribute.store(MapStore) });

describeConversations(join(__dirname, '../conversations'), (conversation, transport) => {
  const { listener, others } = listenerSettings(conversation);
  const settings = new Map(others);
  const policies = settings.get('policies');
  settings.delete('policies');
  for (const name of settings.keys()) throw new Error(`unknown setting ${name}`);
  const plugins = [plainVerbs(), use(storePlugin), ...(Array.isArray(policies) ? policies.map(described) : [])];
  return testServer({ plugins, transport, ...listener });
});

/** A policy as a conversation has it; of others there is only one here. */
function described(description: object & { readonly use: string }): PluginUse {
  const { use: name, ...options } = description;
  return name === 'greylist' ? { ...use(greylistPlugin), options } : acceptEverybody();
}

describe('the times of greylist', () => {
  it('are those of the ancestor, if nothing is said', async () => {
    const desk = new Desk();
    expect(await desk.heard()).toBe('defer: new');
    // Sooner than 180 s: waits anew.
    await desk.clock.advance(179 * SECOND);
    expect(await desk.heard()).toBe('defer: early');
    await desk.clock.advance(180 * SECOND);
    expect(await desk.heard()).toBe('defer: waiting');
    // Asking while it waits changes nothing.
    await desk.clock.advance(3419 * SECOND);
    expect(await desk.heard()).toBe('defer: waiting');
    await desk.clock.advance(SECOND);
    expect(await desk.heard()).toBe('pass: passed');
    await desk.clock.advance(SECOND);
    expect(await desk.heard()).toBe('pass: known');
    await desk.clock.advance(3_000_000 * SECOND);
    expect(await desk.heard()).toBe('pass: known');
    // It lives from its last use on, and an hour longer at most.
    await desk.clock.advance(3_000_000 * SECOND + HOUR + 1);
    expect(await desk.heard()).toBe('defer: new');
  });

  it('begin anew for who comes too late', async () => {
    const desk = new Desk();
    await desk.ask();
    await desk.clock.advance(25_000 * SECOND);
    expect(await desk.heard()).toBe('pass: passed');
    const late = new Desk();
    await late.ask();
    await late.clock.advance(25_001 * SECOND);
    expect(await late.heard()).toBe('defer: new');
    await late.clock.advance(HOUR);
    expect(await late.heard()).toBe('pass: passed');
  });

  it('are what the options say', async () => {
    const desk = new Desk({ retryAfter: 0, passAfter: '5m', retryWithin: '10m', passedFor: '1h' });
    await desk.ask();
    expect(await desk.heard()).toBe('defer: waiting');
    await desk.clock.advance(300 * SECOND - 1);
    expect(await desk.heard()).toBe('defer: waiting');
    await desk.clock.advance(1);
    expect(await desk.heard()).toBe('pass: passed');
    await desk.clock.advance(HOUR + HOUR / 100 + 1);
    expect(await desk.heard()).toBe('defer: new');
  });

  it('leave nothing behind when they are over', async () => {
    const desk = new Desk({ countDays: 0 });
    await desk.ask();
    await desk.clock.advance(25_001 * SECOND);
    const { store, clock } = desk;
    expect(store instanceof MapStore && [...store.entries.values()].every(({ until }) => until <= clock.now())).toBe(
      true,
    );
  });

  it('survive a clock that is set back', async () => {
    const desk = new Desk();
    await desk.ask();
    const earlier = new Desk({}, new FakeClock(desk.clock.now() - 10 * HOUR), desk.store);
    expect(await earlier.heard()).toBe('defer: early');
    await earlier.clock.advance(HOUR);
    expect(await earlier.heard()).toBe('pass: passed');
    const evenEarlier = new Desk({}, new FakeClock(earlier.clock.now() - 100 * HOUR), desk.store);
    expect(await evenEarlier.heard()).toBe('pass: known');
    // Its last use is now, and no longer in the future.
    await evenEarlier.clock.advance(3_000_000 * SECOND + HOUR + 1);
    expect(await evenEarlier.heard()).toBe('defer: new');
  });
});

describe('a triple', () => {
  /** Whether the second is known by the first. */
  async function same(first: Asked, second: Asked, options = {}): Promise<boolean> {
    const desk = new Desk({ retryAfter: 0, ...options });
    await desk.ask(first);
    return (await desk.heard(second)) === 'defer: waiting';
  }

  it('has a network, by bits and not by text (defect K8)', async () => {
    expect(await same({ client: '192.0.2.1' }, { client: '192.0.2.254' })).toBe(true);
    expect(await same({ client: '192.0.2.1' }, { client: '192.0.20.1' })).toBe(false);
    expect(await same({ client: '10.0.0.1' }, { client: '100.0.0.1' })).toBe(false);
    expect(await same({ client: '2001:db8::1' }, { client: '2001:db8:0:0:ffff::2' })).toBe(true);
    expect(await same({ client: '2001:db8::1' }, { client: '2001:db8:0:1::1' })).toBe(false);
    expect(await same({ client: '192.0.2.1' }, { client: '::ffff:192.0.2.9' })).toBe(true);
    expect(await same({ client: '192.0.2.1' }, { client: '192.0.2.2' }, { ipv4Prefix: 32 })).toBe(false);
    expect(await same({ client: '2001:db8::1' }, { client: '2001:db8:0:1::1' }, { ipv6Prefix: 48 })).toBe(true);
  });

  it('has a client of a unix socket, who waits too', async () => {
    expect(await same({ client: '' }, { client: '' })).toBe(true);
    expect(await same({ client: '' }, { client: '192.0.2.1' })).toBe(false);
  });

  it('has addresses in one spelling', async () => {
    expect(await same({ sender: 'Ann@Example.NET' }, { sender: 'ann@example.net' })).toBe(true);
    expect(await same({ sender: 'ann@b\u00fccher.example' }, { sender: 'ann@xn--bcher-kva.example' })).toBe(true);
    expect(await same({ sender: '"ann"@example.net' }, { sender: 'ann@example.net' })).toBe(true);
    expect(await same({ recipient: 'Postmaster' }, { recipient: 'postMASTER' }, { foldLocal: false })).toBe(true);
    expect(await same({ sender: 'Ann@example.net' }, { sender: 'ann@example.net' }, { foldLocal: false })).toBe(false);
    expect(await same({ sender: 'ann@EXAMPLE.net' }, { sender: 'ann@example.net' }, { foldLocal: false })).toBe(true);
  });

  it('is no other triple', async () => {
    expect(await same({ sender: 'bob@example.net' }, {})).toBe(false);
    expect(await same({ recipient: 'bob@example.org' }, {})).toBe(false);
    expect(await same({ sender: null }, {})).toBe(false);
    expect(await same({ sender: null }, { sender: null })).toBe(true);
    expect(await same({ sender: 'a@example.net', recipient: 'b@c.example' }, { sender: 'b@c.example' })).toBe(false);
    expect(await same({ sender: '__proto__@constructor.example' }, {})).toBe(false);
  });
});

describe('who does not wait', () => {
  const heard = (options: object, asked: Asked = {}): Promise<string> => new Desk(options).heard(asked);
  const identity = { name: 'ann', mechanism: 'PLAIN' };

  it('has proved who it is', async () => {
    expect(await heard({}, { session: { identity } })).toBe('pass: allowed by identity');
    expect(await heard({ exempt: { authenticated: ['bob'] } }, { session: { identity } })).toBe('defer: new');
    expect(await heard({ exempt: { authenticated: false } }, { session: { identity } })).toBe('defer: new');
  });

  it('is a trusted peer, where the option says so', async () => {
    expect(await heard({}, { session: { trustedPeer: true } })).toBe('defer: new');
    const exempt = { trustedPeers: true };
    expect(await heard({ exempt }, { session: { trustedPeer: true } })).toBe('pass: allowed by trusted peer');
    expect(await heard({ exempt })).toBe('defer: new');
  });

  it.each<readonly [object, Asked, string]>([
    [{ clients: ['192.0.2.1'] }, {}, 'client'],
    [{ clients: ['192.0.0.0/16', '2001:db8::/32'] }, { client: '2001:db8:1::1' }, 'client'],
    [{ senders: ['ann@example.net'] }, { sender: 'ANN@example.net' }, 'sender'],
    [{ senders: ['example.net'] }, {}, 'sender'],
    [{ senders: ['<>'] }, { sender: null }, 'sender'],
    [{ recipients: ['user@example.org'] }, {}, 'recipient'],
    [{ recipients: ['*.example.org'] }, { recipient: 'user@lists.example.org' }, 'recipient'],
    [{ triples: [{ client: '192.0.2.1', sender: 'ann@example.net', recipient: 'user@example.org' }] }, {}, 'triple'],
  ])('is on a list: %j', async (allow, asked, by) => {
    expect(await heard({ allow }, asked)).toBe(`pass: allowed by ${by}`);
  });

  it.each<readonly [object, Asked]>([
    // Defect K8: the text of the network is the beginning of the client's address.
    [{ clients: ['10.0.0.0/8'] }, { client: '100.0.0.1' }],
    [{ clients: ['192.0.2.1'] }, { client: '192.0.2.10' }],
    [{ clients: ['192.0.2.1'] }, { client: '' }],
    [{ senders: ['example.net'] }, { sender: 'ann@sub.example.net' }],
    [{ senders: ['example.net'] }, { sender: null }],
    [{ recipients: ['example.org'] }, { recipient: 'user@notexample.org' }],
    [{ recipients: ['other@example.org'] }, {}],
  ])('is not one who is not: %j, %j', async (allow, asked) => {
    expect(await heard({ allow }, asked)).toBe('defer: new');
  });

  it('is a triple of which all is true, and no part is enough', async () => {
    const allow = {
      triples: [{ client: '192.0.2.0/24', sender: 'ann@example.net', recipient: 'user@example.org' }],
    };
    const desk = new Desk({ allow });
    expect(await desk.heard({ client: '192.0.2.99' })).toBe('pass: allowed by triple');
    expect(await desk.heard({ client: '198.51.100.1' })).toBe('defer: new');
    expect(await desk.heard({ sender: 'bob@example.net' })).toBe('defer: new');
    expect(await desk.heard({ recipient: 'bob@example.org' })).toBe('defer: new');
  });

  it('is a triple of name, network and recipient, as the ancestor has non-standard ones', async () => {
    const allow = {
      triples: [{ helo: '*.lists.example', client: '10.0.0.0/8', recipient: 'user@example.org' }],
    };
    const desk = new Desk({ allow });
    const session = { heloName: 'MX1.lists.example' };
    expect(await desk.heard({ client: '10.9.9.9', session, sender: null })).toBe('pass: allowed by triple');
    expect(await desk.heard({ client: '100.9.9.9', session })).toBe('defer: new');
    expect(await desk.heard({ client: '10.9.9.9', session: { heloName: 'lists.example' } })).toBe('defer: new');
    expect(await desk.heard({ client: '10.9.9.9', session: { heloName: undefined } })).toBe('defer: early');
    expect(await desk.heard({ client: '10.9.9.9', session, recipient: 'bob@example.org' })).toBe('defer: new');
  });

  it('lets nobody else through with it (defect K7)', async () => {
    const desk = new Desk({ allow: { recipients: ['user@example.org'] } });
    expect(await desk.heard()).toBe('pass: allowed by recipient');
    expect(await desk.heard({ recipient: 'bob@example.org' })).toBe('defer: new');
  });

  it('is nobody if nothing is said, and is never vouched for', async () => {
    expect(await heard({}, { client: '127.0.0.1' })).toBe('defer: new');
    const desk = new Desk({ allow: { clients: ['192.0.2.1'] } });
    expect((await desk.ask()).kind).toBe('pass');
  });
});

describe('domains of greylist', () => {
  it('are those that it is about: of others it says nothing, and keeps nothing', async () => {
    const clock = new FakeClock();
    const store = new MapStore(clock);
    const desk = new Desk({ domains: ['example.org', '*.example.org'] }, clock, store);
    expect(await desk.ask({ recipient: 'user@far.example' })).toEqual({ kind: 'pass' });
    await desk.policy.stop();
    expect(store.entries.size).toBe(0);
    expect(await desk.heard({ recipient: 'user@example.org' })).toBe('defer: new');
    expect(await desk.heard({ recipient: 'user@lists.example.org' })).toBe('defer: new');
  });
});

describe('autoAllow of greylist', () => {
  const options = { retryAfter: 0, passAfter: '1m', autoAllow: { after: 2, for: '10d' } } as const;
  const pass = async (desk: Desk, sender: string): Promise<void> => {
    await desk.ask({ sender });
    await desk.clock.advance(60 * SECOND);
    expect(await desk.heard({ sender })).toBe('pass: passed');
  };

  it('lets all of a network pass once so many of its triples have waited', async () => {
    const desk = new Desk(options);
    await pass(desk, 'one@example.net');
    // Once more is not another one.
    expect(await desk.heard({ sender: 'one@example.net' })).toBe('pass: known');
    expect(await desk.heard({ sender: 'x@example.net' })).toBe('defer: new');
    await pass(desk, 'two@example.net');
    expect(await desk.heard({ sender: 'three@example.net', client: '192.0.2.77' })).toBe('pass: auto-allowed');
    expect(await desk.heard({ sender: 'three@example.net', client: '192.0.3.1' })).toBe('defer: new');
  });

  it('ends some time after the last use, and is counted anew', async () => {
    const desk = new Desk(options);
    for (const sender of ['one@example.net', 'two@example.net']) await pass(desk, sender);
    await desk.clock.advance(240 * HOUR);
    expect(await desk.heard({ sender: 'a@example.net' })).toBe('pass: auto-allowed');
    await desk.clock.advance(240 * HOUR);
    expect(await desk.heard({ sender: 'b@example.net' })).toBe('pass: auto-allowed');
    await desk.clock.advance(241 * HOUR + 1);
    expect(await desk.heard({ sender: 'c@example.net' })).toBe('defer: new');
    await pass(desk, 'd@example.net');
    expect(await desk.heard({ sender: 'e@example.net' })).toBe('defer: new');
  });

  it('counts a triple once, however many ask at once', async () => {
    const clock = new FakeClock();
    const shared = new MapStore(clock);
    const desk = new Desk(options, clock, new LateStore(shared));
    await desk.ask();
    await clock.advance(60 * SECOND);
    const heard = await Promise.all(Array.from({ length: 100 }, () => desk.heard()));
    expect(heard.filter((one) => one === 'pass: passed')).toHaveLength(1);
    expect(heard.filter((one) => one === 'pass: known')).toHaveLength(99);
    expect(await desk.heard({ sender: 'x@example.net' })).toBe('defer: new');
  });
});

describe('greylist, asked at once', () => {
  it('knows a triple once: a hundred sessions make one new one', async () => {
    const clock = new FakeClock();
    const desk = new Desk({ retryAfter: 0 }, clock, new LateStore(new MapStore(clock)));
    const heard = await Promise.all(Array.from({ length: 100 }, () => desk.heard()));
    expect(heard.filter((one) => one === 'defer: new')).toHaveLength(1);
    expect(heard.filter((one) => one === 'defer: waiting')).toHaveLength(99);
  });

  it('writes nothing where nothing changes', async () => {
    const clock = new FakeClock();
    const store = new MapStore(clock);
    const desk = new Desk({ countDays: 0 }, clock, store);
    await desk.ask();
    expect(store.updates).toBe(1);
    await clock.advance(200 * SECOND);
    for (let i = 0; i < 10; i++) await desk.ask();
    expect(store.updates).toBe(1);
    await clock.advance(HOUR);
    for (let i = 0; i < 10; i++) await desk.ask();
    expect(store.updates).toBe(2);
    await clock.advance(HOUR + 1);
    for (let i = 0; i < 10; i++) await desk.ask();
    expect(store.updates).toBe(3);
  });

  it('asks nothing more once nobody listens', async () => {
    const clock = new FakeClock();
    const store = new MapStore(clock);
    const desk = new Desk({}, clock, store);
    await expect(desk.ask({}, AbortSignal.abort())).rejects.toThrow();
    expect(store.updates).toBe(0);
  });
});

describe('a store that fails', () => {
  it('lets nobody pass: the error is for the core to defer (defect K5, attack A26)', async () => {
    const desk = new Desk({ autoAllow: { after: 1 } }, undefined, FAILING);
    await expect(desk.ask()).rejects.toThrow('the store is down');
    await expect(new Desk({}, undefined, FAILING).ask()).rejects.toThrow('the store is down');
  });

  it('keeps nobody waiting who would not wait', async () => {
    const desk = new Desk({ allow: { clients: ['192.0.2.1'] } }, undefined, FAILING);
    expect(await desk.heard()).toBe('pass: allowed by client');
  });

  it('lets nobody pass who is not known to be known: what is no state of a triple is an error', async () => {
    const desk = new Desk();
    const { store } = desk;
    if (!(store instanceof MapStore)) throw new Error('another store');
    await desk.ask();
    const [key = ''] = store.entries.keys();
    for (const value of [new Uint8Array(0), Uint8Array.of(1), new Uint8Array(100)]) {
      store.set(key, value, HOUR);
      await expect(desk.ask()).rejects.toThrow('something else');
    }
  });
});

describe('what greylist says', () => {
  const words = async (desk: Desk) => {
    const verdict = await desk.ask();
    return isRefusal(verdict) ? [verdict.reply.toString(), verdict.reason] : [verdict.annotate];
  };

  it('is little to the client, and more to the log', async () => {
    const desk = new Desk();
    expect(await words(desk)).toEqual(['451 4.7.1 greylisted, try again later', 'greylist: new, 3600 s left']);
    await desk.clock.advance(HOUR + 400);
    expect(await words(desk)).toEqual([{ state: 'passed', waited: '3600 s' }]);
  });

  it('is how long to wait, if it should be', async () => {
    const desk = new Desk({ tellWait: true });
    expect(await words(desk)).toEqual([
      '451 4.7.1 greylisted, try again in 3600 seconds',
      'greylist: new, 3600 s left',
    ]);
    await desk.clock.advance(3598_500);
    expect((await words(desk))[0]).toBe('451 4.7.1 greylisted, try again in 2 seconds');
    await desk.clock.advance(600);
    expect((await words(desk))[0]).toBe('451 4.7.1 greylisted, try again in 1 second');
  });
});

describe('what greylist counts', () => {
  const today = (desk: Desk) => desk.store.get(dayKey(dayOf(desk.clock.now())));

  it('is by outcome and day, some seconds later, in one write', async () => {
    const desk = new Desk({ allow: { senders: ['bob@example.net'] }, autoAllow: { after: 1 } });
    await desk.ask();
    await desk.ask();
    await desk.ask({ sender: 'bob@example.net' });
    expect(await today(desk)).toBeUndefined();
    await desk.clock.advance(10 * SECOND);
    const none = { new: 0, early: 0, waiting: 0, passed: 0, known: 0, allowed: 0, autoAllowed: 0 };
    expect(decodeCounts(await today(desk))).toEqual({ ...none, new: 1, early: 1, allowed: 1 });
    await desk.clock.advance(HOUR);
    await desk.ask();
    await desk.ask({ recipient: 'new@example.org' });
    await desk.policy.stop();
    expect(decodeCounts(await today(desk))).toEqual({
      ...none,
      new: 1,
      early: 1,
      allowed: 1,
      passed: 1,
      autoAllowed: 1,
    });
    expect(desk.clock.pending).toBe(0);
  });

  it('is added to what others have counted, and kept apart by day', async () => {
    const desk = new Desk();
    const other = new Desk({}, desk.clock, desk.store);
    await Promise.all([desk.ask(), other.ask({ client: '198.51.100.1' })]);
    await Promise.all([desk.policy.stop(), other.policy.stop()]);
    expect(decodeCounts(await today(desk)).new).toBe(2);
    await desk.clock.advance(24 * HOUR);
    expect(await today(desk)).toBeUndefined();
  });

  it('is kept where it could not be written, and decides nothing', async () => {
    const clock = new FakeClock();
    const shared = new MapStore(clock);
    let down = true;
    const store = {
      get: (key: string) => shared.get(key),
      set: shared.set.bind(shared),
      delete: shared.delete.bind(shared),
      update: (key: string, change: Parameters<MapStore['update']>[1]) => {
        if (down && key.includes(':day:')) throw new Error('the store is down');
        return shared.update(key, change);
      },
    };
    const desk = new Desk({}, clock, store);
    expect(await desk.heard()).toBe('defer: new');
    await clock.advance(10 * SECOND);
    expect(desk.warnings.heard).toEqual(['greylist: counts could not be written']);
    down = false;
    await clock.advance(10 * SECOND);
    expect(decodeCounts(shared.get(dayKey(dayOf(clock.now())))).new).toBe(1);
    await desk.policy.stop();
  });

  it('is nothing, if it should be', async () => {
    const clock = new FakeClock();
    const store = new MapStore(clock);
    const desk = new Desk({ countDays: 0 }, clock, store);
    await desk.ask();
    await desk.policy.stop();
    expect(store.entries.size).toBe(1);
    expect(clock.pending).toBe(0);
  });
});

describe('options of greylist', () => {
  it('have the defaults of the ancestor', () => {
    expect(greylistOptions.parse({})).toMatchObject({
      retryAfter: 180 * SECOND,
      passAfter: HOUR,
      retryWithin: 25_000 * SECOND,
      passedFor: 3_000_000 * SECOND,
      ipv4Prefix: 24,
      ipv6Prefix: 64,
    });
  });

  it.each([
    { passAfter: '1m', retryAfter: '2m' },
    { passAfter: '0s', retryAfter: 0 },
    { retryWithin: '1h' },
    { passedFor: 0 },
    { ipv4Prefix: 33 },
    { ipv4Prefix: 0 },
    { ipv6Prefix: 129 },
    { autoAllow: { after: 0 } },
    { autoAllow: { for: '1d' } },
    { autoAllow: { after: 1, for: 0 } },
    { allow: { clients: ['10'] } },
    { allow: { senders: ['a b'] } },
    { allow: { triples: [{ client: '10.0.0.0/8', recipient: 'example.org' }] } },
    { allow: { triples: [{ client: '10.0.0.0/8', sender: 'example.net' }] } },
    { allow: { client: [] } },
    { domains: ['a b'] },
    { allowed: {} },
  ])('refuse %j', (options) => {
    expect(greylistOptions.safeParse(options).success).toBe(false);
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  const expected = { kind: 'policy', name: 'greylist', value: GreylistPolicy };
  expect(contributionsOf(greylistPlugin)).toEqual([expected]);
});
