/** The policy rate-limit: the contract, whom it counts for, and what it costs to be refused. */
import { join } from 'node:path';
import { definePlugin, isPromise, use, type PluginUse, type Store } from '@mailverb/contract';
import {
  FakeClock,
  acceptEverybody,
  contributionsOf,
  describeConversations,
  describePolicy,
  listenerSettings,
  plainVerbs,
  testServer,
  testSession,
} from '@mailverb/testing';
import { Desk, heard, type Asked, type Written } from './desk.fixture.js';
import { rateLimitPlugin } from './plugin.js';
import { rateLimitOptions } from './rate-limit.options.js';
import { RateLimitPolicy } from './rate-limit.policy.js';
import { FAILING, MapStore } from './store.fixture.js';

type Rule = Written['rules'][number];

/** A rule that lets one through in a minute. */
const one = (rule: Partial<Rule> & Pick<Rule, 'of'>): Rule => ({ limit: 1, per: '1m', ...rule });

const EVERYTHING: Written = {
  rules: [
    { of: 'connections', limit: 2, per: '1m' },
    { of: 'messages', limit: 2, per: '1m', by: 'network' },
    { of: 'messages', limit: 3, per: '1m', by: 'sender' },
    { of: 'recipients', limit: 2, per: '1m', by: 'recipient' },
    { of: 'recipients', limit: 3, per: '1m', by: 'sender-domain' },
    { of: 'bytes', limit: '1kB', per: '1m', by: 'all' },
  ],
};

describePolicy('rate-limit', () => new Desk(EVERYTHING).policy, {
  stages: ['connect', 'mail', 'rcpt', 'message'],
  remembers: true,
});

describePolicy(
  'rate-limit that has a say at one stage',
  () => new Desk({ rules: [one({ of: 'recipients' })] }).policy,
  {
    stages: ['rcpt'],
    remembers: true,
  },
);

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
  return name === 'rate-limit' ? { ...use(rateLimitPlugin), options } : acceptEverybody();
}

describe('what is refused', () => {
  const rules = (['connections', 'messages', 'recipients', 'bytes'] as const).map((of) => one({ of }));
  const clock = new FakeClock();
  const desk = new Desk({ rules }, clock);
  const ask = (): string[] => [desk.connect(), desk.mail(), desk.rcpt(), desk.message()].map(heard);

  it('is told, each with the name of its limit', async () => {
    expect(ask()).toEqual(['pass', 'pass', 'pass', 'pass']);
    expect(ask()).toEqual([
      'hangup 421 4.7.0 too many connections, try again later (rate limit connections-by-address)',
      'defer 451 4.7.1 too many messages, try again later (rate limit messages-by-address)',
      'defer 452 4.5.3 too many recipients, try again later (rate limit recipients-by-address)',
      'defer 452 4.7.1 too much mail, try again later (rate limit bytes-by-address)',
    ]);
    await clock.advance(59_999);
    expect(ask()).not.toContain('pass');
    await clock.advance(1);
    expect(ask()).toEqual(['pass', 'pass', 'pass', 'pass']);
  });

  it('is there when its time has come, however often it was asked for in between', () => {
    // Ten times a tenth of a token, each rounded, is not quite one.
    let time = 0;
    const hand = { now: () => time, after: () => ({ cancel: () => undefined }) };
    const often = new Desk({ rules: [{ of: 'messages', limit: 1, per: '10ms' }] }, hand);
    const passed: number[] = [];
    for (; time < 35; time++) if (heard(often.mail()) === 'pass') passed.push(time);
    expect(passed).toEqual([0, 10, 20, 30]);
  });

  it('has a cause for the log, without a name of anybody', () => {
    const verdict = desk.mail();
    expect(verdict).toMatchObject({ reason: 'rate limit messages-by-address is used up, enough again in 60 s' });
  });

  it('is more than ever passes at once for good, at MAIL where it is announced', () => {
    const never = 'reject 552 5.3.4 message too large: at most 500 octets at once (rate limit big)';
    const fresh = new Desk({ rules: [one({ name: 'big', of: 'bytes', limit: '1kB', burst: 500 })] });
    expect(heard(fresh.mail({ size: 501 }))).toBe(never);
    expect(heard(fresh.message({ size: 501 }))).toBe(never);
    expect(heard(fresh.mail({ size: 500 }))).toBe('pass');
    expect(heard(fresh.message({ size: 500 }))).toBe('pass');
  });

  it('is what is announced and has no room now, though nothing is counted before it has come', () => {
    const fresh = new Desk({ rules: [one({ of: 'bytes', limit: 1000 })] });
    const later = 'defer 452 4.7.1 too much mail, try again later (rate limit bytes-by-address)';
    for (let i = 0; i < 5; i++) expect(heard(fresh.mail({ size: 900 }))).toBe('pass');
    expect(heard(fresh.message({ size: 900 }))).toBe('pass');
    expect(heard(fresh.mail({ size: 101 }))).toBe(later);
    expect(heard(fresh.mail({ size: 100 }))).toBe('pass');
    expect(heard(fresh.mail())).toBe('pass');
    expect(heard(fresh.message({ size: 101 }))).toBe(later);
    expect(heard(fresh.message({ size: 100 }))).toBe('pass');
  });

  it('costs no message where it is announced as too much', () => {
    const fresh = new Desk({ rules: [one({ of: 'messages' }), one({ of: 'bytes', limit: 1000 })] });
    for (let i = 0; i < 5; i++) expect(heard(fresh.mail({ size: 5000 }))).toContain('552');
    expect(heard(fresh.mail({ size: 10 }))).toBe('pass');
  });
});

describe('a bucket counts for', () => {
  const from = (remoteAddress: string): Asked => ({ session: { remoteAddress } });
  const as = (name: string): Asked => ({ session: { identity: { name, mechanism: 'PLAIN' } } });

  it.each<[string, Partial<Rule>, Asked, Asked, boolean]>([
    ['an address', { by: 'address' }, from('192.0.2.1'), from('192.0.2.1'), true],
    ['an address, and not another', { by: 'address' }, from('192.0.2.1'), from('192.0.2.2'), false],
    ['the /64 of an IPv6 address', { by: 'address' }, from('2001:db8::1'), from('2001:DB8::2'), true],
    ['the /64, and not another', { by: 'address' }, from('2001:db8::1'), from('2001:db8:0:1::1'), false],
    ['an IPv4 address in both forms', { by: 'address' }, from('192.0.2.1'), from('::ffff:192.0.2.1'), true],
    ['a network', { by: 'network' }, from('192.0.2.1'), from('192.0.2.200'), true],
    ['a network, and not another', { by: 'network' }, from('192.0.2.1'), from('192.0.3.1'), false],
    ['an IPv6 network', { by: 'network' }, from('2001:db8:0:1::1'), from('2001:db8:0:2::1'), true],
    ['a wider network', { by: 'network', ipv4Prefix: 16 }, from('192.0.2.1'), from('192.0.3.1'), true],
    ['a smaller IPv6 network', { by: 'network', ipv6Prefix: 64 }, from('2001:db8::1'), from('2001:db8:0:1::1'), false],
    ['no unix socket', { by: 'address' }, from(''), from(''), false],
    ['everybody', { by: 'all' }, from('192.0.2.1'), { ...from('2001:db8::1'), sender: null }, true],
    ['an identity', { by: 'identity' }, as('ann'), { session: { ...as('ANN ').session, remoteAddress: '' } }, true],
    ['an identity, and not another', { by: 'identity' }, as('ann'), as('bob'), false],
    ['nobody who proved nothing', { by: 'identity' }, {}, {}, false],
    ['a sender', { by: 'sender' }, { sender: 'ann@example.net' }, { sender: 'Ann@EXAMPLE.net' }, true],
    [
      'a sender, and not another',
      { by: 'sender' },
      { sender: 'ann@example.net' },
      { sender: 'bob@example.net' },
      false,
    ],
    ['a domain', { by: 'sender-domain' }, { sender: 'ann@example.net' }, { sender: 'bob@example.net' }, true],
    [
      'a domain, and not another',
      { by: 'sender-domain' },
      { sender: 'a@one.example' },
      { sender: 'a@two.example' },
      false,
    ],
    ['no null sender', { by: 'sender' }, { sender: null }, { sender: null }, false],
    ['no domain of a null sender', { by: 'sender-domain' }, { sender: null }, { sender: null }, false],
    ['a recipient', { by: 'recipient' }, { recipient: 'a@one.example' }, { recipient: 'A@one.example' }, true],
    [
      'a recipient, and not another',
      { by: 'recipient' },
      { recipient: 'a@one.example' },
      { recipient: 'b@one.example' },
      false,
    ],
    [
      'a recipient domain',
      { by: 'recipient-domain' },
      { recipient: 'a@one.example' },
      { recipient: 'b@ONE.example' },
      true,
    ],
    [
      'a recipient domain, and no other',
      { by: 'recipient-domain' },
      { recipient: 'a@one.example' },
      { recipient: 'a@two.example' },
      false,
    ],
  ])('%s', (_whom, rule, first, second, together) => {
    const desk = new Desk({ rules: [one({ of: 'recipients', ...rule })] });
    expect(heard(desk.rcpt(first))).toBe('pass');
    expect(heard(desk.rcpt(second)) === 'pass').toBe(!together);
  });

  it('nobody who is exempt, who costs the others nothing', () => {
    const rules = [one({ of: 'connections', by: 'all' }), one({ of: 'messages', by: 'all' })];
    const desk = new Desk({ rules, exempt: { networks: ['10.0.0.0/8'], authenticated: ['ann'] } });
    for (let i = 0; i < 3; i++) {
      expect(heard(desk.connect(from('10.1.2.3')))).toBe('pass');
      expect(heard(desk.mail(from('10.1.2.3')))).toBe('pass');
      expect(heard(desk.mail(as('ann')))).toBe('pass');
    }
    // Defect K8: 10 is no prefix of a text.
    expect(heard(desk.connect(from('100.1.2.3')))).toBe('pass');
    expect(heard(desk.connect(from('100.1.2.3')))).toContain('421');
    expect(heard(desk.mail(as('bob')))).toBe('pass');
    expect(heard(desk.mail(as('bob')))).toContain('451');
  });

  it('one rule, and is the same for all that have the same rule', () => {
    const clock = new FakeClock();
    const store = new MapStore(clock);
    const same = () => new Desk({ rules: [one({ of: 'messages' })] }, clock, store);
    expect(heard(same().mail())).toBe('pass');
    expect(heard(same().mail())).toContain('451');
    const others: Partial<Rule>[] = [{ name: 'other' }, { limit: 2 }, { per: '2m' }, { burst: 2 }, { by: 'network' }];
    for (const other of others) {
      expect(heard(new Desk({ rules: [one({ of: 'messages', ...other })] }, clock, store).mail())).toBe('pass');
    }
  });

  it('hostile names as for others, and shows them to nobody', () => {
    const desk = new Desk({ rules: [one({ of: 'messages', by: 'identity' })] });
    for (const name of ['__proto__', 'constructor', 'a:b', 'a"b', '\0', 'x'.repeat(100_000)]) {
      expect(heard(desk.mail(as(name)))).toBe('pass');
      expect(heard(desk.mail(as(name)))).toContain('451');
    }
    const { store } = desk;
    if (!(store instanceof MapStore)) throw new Error('another store');
    for (const key of store.entries.keys()) {
      expect(key).toMatch(/^policy-rate-limit:1:messages-by-identity:[\w-]{43}$/);
    }
  });
});

describe('several rules', () => {
  const stingy = (): Desk =>
    new Desk({
      rules: [
        { of: 'messages', by: 'all', limit: 5, per: '1h' },
        { of: 'messages', by: 'address', limit: 1, per: '1h' },
      ],
    });

  it('must all allow it', () => {
    const desk = stingy();
    const mail = (i: number) => heard(desk.mail({ session: { remoteAddress: `192.0.2.${i}` } }));
    for (let i = 1; i <= 5; i++) expect(mail(i)).toBe('pass');
    expect(mail(6)).toContain('(rate limit messages)');
  });

  it('lose nothing to one that refuses: nobody uses up alone what all have together', () => {
    const desk = stingy();
    const mail = (i: number) => heard(desk.mail({ session: { remoteAddress: `192.0.2.${i}` } }));
    expect(mail(1)).toBe('pass');
    for (let i = 0; i < 100; i++) expect(mail(1)).toContain('(rate limit messages-by-address)');
    for (let i = 2; i <= 5; i++) expect(mail(i)).toBe('pass');
    expect(mail(6)).toContain('(rate limit messages)');
  });

  it('are told by the first that refuses, in their order', () => {
    const desk = new Desk({ rules: [one({ name: 'a', of: 'messages' }), one({ name: 'b', of: 'messages' })] });
    expect(heard(desk.mail())).toBe('pass');
    expect(heard(desk.mail())).toContain('(rate limit a)');
  });
});

describe('the store', () => {
  it('has nothing of what is full again', async () => {
    const clock = new FakeClock();
    const store = new MapStore(clock);
    const desk = new Desk({ rules: [{ of: 'messages', limit: 10, per: '1m', burst: 5 }] }, clock, store);
    desk.mail();
    const [entry] = store.entries.values();
    expect(entry?.value).toHaveLength(14);
    expect((entry?.until ?? 0) - clock.now()).toBe(6000);
    for (let i = 0; i < 9; i++) desk.mail();
    expect(([...store.entries.values()][0]?.until ?? 0) - clock.now()).toBe(30_000);
  });

  it('is not asked where nothing is to be counted', () => {
    const clock = new FakeClock();
    const store = new MapStore(clock);
    const desk = new Desk({ rules: [one({ of: 'messages', by: 'identity' })] }, clock, store);
    expect(heard(desk.mail())).toBe('pass');
    expect(store.updates).toBe(0);
  });

  it('that answers later is waited for, and the verdict is the same', async () => {
    const clock = new FakeClock();
    const map = new MapStore(clock);
    const later: Store = {
      get: async (key) => map.get(key),
      set: async (key, value, ttlMs) => map.set(key, value, ttlMs),
      update: async (key, change) => map.update(key, change),
      delete: async (key) => map.delete(key),
    };
    const rules: Rule[] = [
      one({ of: 'messages', limit: 3, by: 'all' }),
      one({ of: 'messages' }),
      one({ of: 'bytes', limit: 9 }),
    ];
    const desk = new Desk({ rules }, clock, later);
    const verdict = desk.mail();
    expect(verdict !== undefined && isPromise(verdict)).toBe(true);
    expect(heard(await verdict)).toBe('pass');
    for (let i = 0; i < 5; i++) expect(heard(await desk.mail())).toContain('messages-by-address');
    expect(heard(await desk.mail({ size: 10 }))).toContain('552');
    const other: Asked = { session: { remoteAddress: '192.0.2.2' }, size: 9 };
    expect(heard(await desk.mail(other))).toBe('pass');
    expect(heard(await desk.message(other))).toBe('pass');
    expect(heard(await desk.mail({ ...other, size: 1 }))).toContain('452');
  });

  it('that fails lets nothing through (attack A26)', async () => {
    const desk = new Desk(EVERYTHING, new FakeClock(), FAILING);
    for (const ask of [() => desk.connect(), () => desk.mail(), () => desk.rcpt(), () => desk.message()]) {
      await expect(ask()).rejects.toThrow('the store is down');
    }
    await expect(desk.mail({ size: 1 })).rejects.toThrow('the store is down');
  });

  it('that has something else under a key lets nothing through', () => {
    const clock = new FakeClock();
    const strange: Store = {
      get: () => Uint8Array.of(1),
      set: () => undefined,
      update: (_key, change) => change(Uint8Array.of(1))?.value,
      delete: () => undefined,
    };
    const desk = new Desk(EVERYTHING, clock, strange);
    expect(() => desk.connect()).toThrow('something else');
    expect(() => desk.mail({ size: 1 })).toThrow('something else');
  });

  it('is not asked any more when the time is up', async () => {
    const clock = new FakeClock();
    const map = new MapStore(clock);
    const later: Store = {
      get: async (key) => map.get(key),
      set: async (key, value, ttlMs) => map.set(key, value, ttlMs),
      update: async (key, change) => map.update(key, change),
      delete: async (key) => map.delete(key),
    };
    const desk = new Desk({ rules: [one({ of: 'connections' }), one({ of: 'connections', by: 'all' })] }, clock, later);
    // As the core has it: a signal that is only looked at afterwards is another one.
    let current = new AbortController();
    const context = {
      get signal() {
        return current.signal;
      },
    };
    const verdict = desk.policy.connect?.({ session: testSession() }, context);
    current.abort(new Error('the client has gone'));
    current = new AbortController();
    await expect(verdict).rejects.toThrow('the client has gone');
    expect(map.updates).toBe(1);
  });
});

describe('in a server', () => {
  const server = (...rules: Rule[]) =>
    testServer({ plugins: [plainVerbs(), acceptEverybody(), use(storePlugin), use(rateLimitPlugin, { rules })] });

  it('a connection too many is told so in place of the greeting, and closed', async () => {
    const mx = await server({ of: 'connections', limit: 2, per: '1m' });
    const greetings = [];
    for (let i = 0; i < 3; i++) greetings.push(await mx.client().reply());
    expect(greetings.map(({ code }) => code)).toEqual([220, 220, 421]);
    expect((await mx.client({ remoteAddress: '192.0.2.2' }).reply()).code).toBe(220);
    await mx.clock.advance(30_000);
    expect((await mx.client().reply()).code).toBe(220);
    expect(await mx.client().ended()).toEqual([expect.stringContaining('421')]);
    await mx.stop();
  });

  it('a store that is down is a 451, and a line in the log', async () => {
    const down = definePlugin({ name: 'store-down', register: (contribute) => contribute.store(FAILING) });
    const mx = await testServer({
      plugins: [plainVerbs(), acceptEverybody(), use(down), use(rateLimitPlugin, { rules: [one({ of: 'messages' })] })],
    });
    const client = mx.client();
    await client.reply();
    expect(await client.commands('HELO c', 'MAIL FROM:<a@example.net>')).toEqual([250, 451]);
    expect(mx.eventsOf('faultCaught').map(({ args }) => args[1])).toEqual(['policy rate-limit']);
    await mx.stop();
  });
});

describe('options of rate-limit', () => {
  const issueOf = (options: unknown): string => {
    const issue = rateLimitOptions.safeParse(options).error?.issues[0];
    return `${issue?.path.join('.')}: ${issue?.message}`;
  };
  const rule = (written: object): object => ({ rules: [{ of: 'messages', limit: 1, per: '1m', ...written }] });

  it('have defaults', () => {
    expect(rateLimitOptions.parse(rule({ limit: 7 })).rules).toEqual([
      {
        name: 'messages-by-address',
        of: 'messages',
        by: 'address',
        limit: 7,
        per: 60_000,
        burst: 7,
        prefixes: { ipv4: 24, ipv6: 48 },
      },
    ]);
    expect(rateLimitOptions.parse(rule({ of: 'bytes', limit: '1MiB', by: 'all' })).rules).toMatchObject([
      { name: 'bytes', limit: 1_048_576, burst: 1_048_576 },
    ]);
  });

  it.each([
    [{ rules: [] }, 'rules: '],
    [{}, 'rules: '],
    [rule({ limit: 0 }), 'rules.0.limit: '],
    [rule({ limit: '100MiB' }), 'rules.0.limit: expected a number: messages are counted'],
    [rule({ burst: '1kB' }), 'rules.0.burst: expected a number: messages are counted'],
    [rule({ of: 'bytes', limit: '0' }), 'rules.0.limit: expected a number above 0'],
    [rule({ per: '0' }), 'rules.0.per: expected a duration above 0'],
    [rule({ per: 60 }), 'rules.0.per: '],
    [rule({ burst: 5000, per: '1d' }), 'rules.0.burst: expected less, or a higher limit: it would take more than ten'],
    [rule({ of: 'mails' }), 'rules.0.of: '],
    [
      rule({ by: 'recipient' }),
      'rules.0.by: expected all, address, network, identity, sender, sender-domain: messages',
    ],
    [rule({ of: 'connections', by: 'identity' }), 'rules.0.by: expected all, address, network: connections have no'],
    [rule({ of: 'bytes', by: 'recipient-domain' }), 'rules.0.by: '],
    [rule({ ipv4Prefix: 8 }), 'rules.0.ipv4Prefix: expected it beside by: network'],
    [rule({ by: 'network', ipv4Prefix: 0 }), 'rules.0.ipv4Prefix: '],
    [rule({ by: 'network', ipv6Prefix: 129 }), 'rules.0.ipv6Prefix: '],
    [rule({ name: 'a b' }), 'rules.0.name: expected at most 64'],
    [rule({ name: '(x)' }), 'rules.0.name: expected at most 64'],
    [rule({ rate: 7 }), 'rules.0: '],
    [{ rules: [one({ of: 'messages' }), one({ of: 'messages', limit: 2 })] }, 'rules.1.name: expected another name'],
    [{ ...rule({}), exempt: { networks: ['10'] } }, 'exempt.networks.0: '],
    [{ ...rule({}), exempt: { network: [] } }, 'exempt: '],
    [{ ...rule({}), limits: [] }, ': '],
  ])('refuse %j', (options, expected) => {
    expect(issueOf(options).slice(0, expected.length)).toBe(expected);
  });
});

it('is contributed by its manifest, which says that it needs a store, and by nothing else', () => {
  const expected = { kind: 'policy', name: 'rate-limit', value: RateLimitPolicy };
  expect(contributionsOf(rateLimitPlugin)).toEqual([expected]);
  expect(rateLimitPlugin.needs?.map(String)).toEqual(['Symbol(mailverb:Store)']);
});
