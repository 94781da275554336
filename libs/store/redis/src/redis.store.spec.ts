/** The store redis: the contract (against a small server of this process; a real one is in the end-to-end tests), and a Redis that is wrong or not there. */
import { inspect } from 'node:util';
import type { Clock, Logger } from '@mailverb/contract';
import { FakeClock, contributionsOf, describeStore, turn, within } from '@mailverb/testing';
import { FakeRedis } from './fake-redis.fixture.js';
import redisPlugin from './plugin.js';
import { redisOptions } from './redis.options.js';
import { RedisStore } from './redis.store.js';

const MINUTE = 60_000;
const VALUE = Uint8Array.of(1);

/** What was logged, all of it. */
class Lines implements Logger {
  readonly all: string[] = [];
  readonly #add = (level: string) => (fields: unknown, message: string) =>
    void this.all.push(`${level} ${message} ${JSON.stringify(fields)}`);
  readonly trace = this.#add('trace');
  readonly debug = this.#add('debug');
  readonly info = this.#add('info');
  readonly warn = this.#add('warn');
  readonly error = this.#add('error');
  readonly fatal = this.#add('fatal');
  child(): Logger {
    return this;
  }
  enabled(): boolean {
    return true;
  }
}

const redis = new FakeRedis();
const opened: RedisStore[] = [];
let lines = new Lines();
beforeEach(async () => {
  lines = new Lines();
  redis.values.clear();
  redis.heard.length = 0;
  redis.wrong = () => undefined;
  redis.between = () => undefined;
  await redis.start();
});
afterEach(async () => {
  for (const store of opened.splice(0)) store.stop();
  await redis.stop();
});

type Written = Parameters<typeof redisOptions.parse>[0];
function make(options: Written = {}, clock: Clock = new FakeClock()): RedisStore {
  const store = new RedisStore(redisOptions.parse({ port: redis.port, ...(options as object) }), clock, lines);
  opened.push(store);
  return store;
}
async function start(options: Written = {}, clock: Clock = new FakeClock()): Promise<RedisStore> {
  const store = make(options, clock);
  await store.start();
  return store;
}

describeStore('redis', (clock) => make({}, clock));

const PATIENCE_MS = 4000;

/** Until what is to come has come; what was wrong last, where it does not. */
async function eventually(check: () => unknown): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    await turn();
  }
}

const text = (value: Uint8Array | undefined): string => Buffer.from(value ?? []).toString();
const increment = (value: Uint8Array | undefined) => ({
  value: Buffer.from(String(Number(text(value)) + 1)),
  ttlMs: MINUTE,
});
const everything = (store: RedisStore): readonly (() => Promise<unknown>)[] => [
  () => store.get('a'),
  () => store.set('a', VALUE, MINUTE),
  () => store.update('a', increment),
  () => store.delete('a'),
  () => store.values().next(),
];

describe('what the store redis writes', () => {
  it('has the prefix before it, and is dropped by Redis a minute after its time', async () => {
    const store = await start({ prefix: 'mx[1]*:' });
    await store.set('a', VALUE, 1500.5);
    await store.update('b', () => ({ value: VALUE, ttlMs: 2000 }));
    expect([...redis.values].map(([key, { px }]) => [key, px])).toEqual([
      ['mx[1]*:a', 61_501],
      ['mx[1]*:b', 62_000],
    ]);
    const other = await start({ prefix: 'other:' });
    expect(await other.get('a')).toBeUndefined();
    await other.set('a', Uint8Array.of(2), MINUTE);
    const listed: number[] = [];
    for await (const value of store.values()) listed.push(...value);
    expect(listed).toEqual([1, 1]);
    // A star in the prefix is no pattern.
    expect(redis.heard.find(([name]) => name === 'SCAN')?.[3]).toBe('mx\\[1\\]\\*:*');
  });

  it('is written once more where another came between, from what that has written', async () => {
    const store = await start();
    const other = await start();
    await store.set('count', Buffer.from('10'), MINUTE);
    let left = 3;
    redis.between = () => {
      const found = redis.values.get('mailverb:count');
      if (left-- <= 0 || found === undefined) return;
      const value = Buffer.concat([found.value.subarray(0, 8), Buffer.from(String(20 + left))]);
      redis.values.set('mailverb:count', { ...found, value });
    };
    expect(text(await store.update('count', increment))).toBe('21');
    redis.between = () => undefined;
    await Promise.all(Array.from({ length: 200 }, (_, i) => (i % 2 ? store : other).update('count', increment)));
    expect(text(await store.get('count'))).toBe('221');
  });

  it('is no more than one update of a key at a time, as several would have to try again', async () => {
    const store = await start();
    await Promise.all(Array.from({ length: 50 }, () => store.update('count', increment)));
    expect(redis.heard.filter(([name]) => name === 'EVAL')).toHaveLength(50);
  });

  it('asks for the database, and logs in', async () => {
    await start({ username: 'mx', password: 'pa55word', database: 3 });
    expect(redis.heard).toEqual([
      ['AUTH', 'mx', 'pa55word'],
      ['SELECT', '3'],
    ]);
  });
});

describe('a Redis that is not there', () => {
  it('is none to wait for: the server starts, everything rejects, and it is tried again', async () => {
    await redis.stop();
    const clock = new FakeClock();
    const store = await start({}, clock);
    for (const act of everything(store)) await expect(act()).rejects.toThrow(/^redis: /);
    expect(lines.all).toEqual([expect.stringMatching(/^warn redis: not to be had.*ECONNREFUSED/)]);
    await redis.start();
    await clock.advance(50);
    await eventually(async () => expect(await store.update('a', increment)).toBeDefined());
    expect(lines.all.at(-1)).toBe('info redis: connected {}');
  });

  it('is told once, when it goes and when it is back, and nothing is kept for it meanwhile', async () => {
    const clock = new FakeClock();
    const store = await start({}, clock);
    await store.set('a', VALUE, MINUTE);
    await redis.stop();
    await eventually(() => expect(clock.pending).toBe(1));
    await clock.advance(50);
    // That it is lost, and why it can not be had again.
    await eventually(() => expect(lines.all).toHaveLength(2));
    for (let i = 0; i < 20; i++) await expect(store.update('a', increment)).rejects.toThrow(/^redis: /);
    for (let i = 0; i < 5; i++) {
      await eventually(() => expect(clock.pending).toBe(1));
      await clock.advance(2000);
    }
    expect(lines.all).toHaveLength(2);
    redis.heard.length = 0;
    await redis.start();
    await clock.advance(2000);
    await eventually(async () => expect(await store.get('a')).toEqual(VALUE));
    expect(redis.heard.filter(([name]) => name === 'EVAL')).toEqual([]);
    expect(lines.all.filter((line) => line.startsWith('info'))).toEqual(['info redis: connected {}']);
  });

  it('rejects what was under way when the connection is lost', async () => {
    const clock = new FakeClock();
    const store = await start({}, clock);
    redis.wrong = () => 'silence';
    const under = everything(store).map((act) => act());
    const settled = Promise.allSettled(under);
    await eventually(() => expect(redis.heard.length).toBeGreaterThanOrEqual(4));
    redis.cut();
    for (const { status } of await settled) expect(status).toBe('rejected');
    redis.wrong = () => undefined;
    await clock.advance(50);
    await eventually(async () => expect(await store.update('a', increment)).toBeDefined());
  });
});

describe('a Redis that does not answer', () => {
  it('is given up after the time that an operation may take, with its connection', async () => {
    const clock = new FakeClock();
    const store = await start({ timeout: '2s' }, clock);
    redis.wrong = ([name]) => (name === 'GET' ? 'silence' : undefined);
    const asked = [store.get('a'), store.update('a', increment), store.update('a', increment)];
    const settled = Promise.allSettled(asked);
    await eventually(() => expect(redis.heard.length).toBeGreaterThanOrEqual(2));
    await clock.advance(2000);
    for (const { status } of await within(settled, () => new Error('it waits for ever')))
      expect(status).toBe('rejected');
    expect(redis.heard.some(([name]) => name === 'EVAL')).toBe(false);
    redis.wrong = () => undefined;
    await clock.advance(50);
    // An answer that comes later is on a connection that nobody has any more.
    await eventually(async () => expect(await store.get('a')).toBeUndefined());
    expect(clock.pending).toBe(0);
  });

  it('does not hold up the start', async () => {
    const clock = new FakeClock();
    redis.wrong = () => 'silence';
    const store = make({ password: 'pa55word' }, clock);
    const starting = store.start();
    await eventually(() => expect(redis.heard.length).toBeGreaterThan(0));
    await clock.advance(2000);
    await within(starting, () => new Error('it waits for ever'));
    await expect(store.get('a')).rejects.toThrow(/^redis: /);
    // It goes on trying.
    redis.wrong = () => undefined;
    await clock.advance(50);
    await eventually(async () => expect(await store.get('a')).toBeUndefined());
    store.stop();
    expect(clock.pending).toBe(0);
  });

  it('is tried less and less often, and every two seconds at least', async () => {
    redis.wrong = () => '-WRONGPASS invalid username-password pair\r\n';
    redis.connections = 0;
    const clock = new FakeClock();
    const store = await start({ password: 'wrong' }, clock);
    const waits: number[] = [];
    while (waits.length < 8) {
      // It has failed, and the next try is set.
      await eventually(() => expect([redis.connections, clock.pending]).toEqual([waits.length + 1, 1]));
      const before = clock.now();
      while (clock.pending > 0 && redis.connections === waits.length + 1) await clock.advance(50);
      waits.push(clock.now() - before);
    }
    expect(waits).toEqual([50, 100, 200, 400, 800, 1600, 2000, 2000]);
    expect(lines.all).toHaveLength(1);
    redis.wrong = () => undefined;
    await clock.advance(2000);
    await eventually(async () => expect(await store.get('a')).toBeUndefined());
  });
});

describe('a Redis that answers something else', () => {
  it.each([
    ['-LOADING Redis is loading the dataset in memory\r\n', 'LOADING'],
    ['-READONLY You can not write against a read only replica.\r\n', 'READONLY'],
    ['+OK\r\n', 'no answer to the question'],
    [':7\r\n', 'no answer to the question'],
    ['*2\r\n:7\r\n:7\r\n', 'no answer to the question'],
    ['$3\r\nabc\r\n', 'something else|no answer'],
  ])('%j rejects', async (answer, why) => {
    const store = await start();
    redis.wrong = ([name]) => (['GET', 'SCAN'].includes(name ?? '') ? answer : undefined);
    for (const act of [() => store.get('a'), () => store.update('a', increment), () => store.values().next()]) {
      await expect(act()).rejects.toThrow(new RegExp(why));
    }
    redis.wrong = ([name]) => (name === 'EVAL' ? answer : undefined);
    await expect(store.update('a', increment)).rejects.toThrow();
    redis.wrong = () => undefined;
    expect(await store.get('a')).toBeUndefined();
  });
});

describe('the password', () => {
  it('is in no error and no line, whatever Redis repeats, and not to be seen in the store (attack A23)', async () => {
    redis.wrong = ([name]) =>
      name === 'AUTH' ? "-ERR unknown command 'AUTH', with args beginning with: 'mx' 'pa55word'\r\n" : undefined;
    const clock = new FakeClock();
    const store = await start({ username: 'mx', password: 'pa55word' }, clock);
    const errors = await Promise.all(everything(store).map((act) => act().catch((error: unknown) => error)));
    expect(lines.all.join('\n')).toContain('unknown command');
    redis.wrong = () => '-ERR no pa55word here\r\n';
    await clock.advance(50);
    await eventually(() => expect(lines.all.join('\n')).toContain('no *** here'));
    for (const seen of [lines.all, errors, inspect(store, { depth: 20, showHidden: true }), JSON.stringify(store)]) {
      expect(inspect(seen, { depth: 20 })).not.toContain('pa55word');
    }
  });
});

describe('the store redis that is not open', () => {
  it('rejects everything, and may be stopped twice and started again', async () => {
    const store = make();
    for (const act of everything(store)) await expect(act()).rejects.toThrow('the store is not open');
    await store.start();
    await store.start();
    expect(await store.update('a', increment)).toBeDefined();
    store.stop();
    store.stop();
    for (const act of everything(store)) await expect(act()).rejects.toThrow('the store is not open');
    await store.start();
    expect(text(await store.get('a'))).toBe('1');
  });

  it('says so at the start where a file of TLS is not there', async () => {
    await expect(start({ tls: { ca: '/nowhere/ca.pem' } })).rejects.toThrow('ENOENT');
  });
});

describe('options of the store redis', () => {
  it('have defaults', () => {
    expect(redisOptions.parse({})).toEqual({ database: 0, prefix: 'mailverb:', tls: false, timeout: 2000 });
  });

  it.each([
    { port: 0 },
    { path: '/run/redis.sock', host: 'localhost' },
    { path: '/run/redis.sock', tls: true },
    { username: 'mx' },
    { password: '' },
    { database: -1 },
    { tls: { cert: 'cert.pem' } },
    { tls: { verify: false } },
    { timeout: 0 },
    { url: 'redis://localhost' },
  ])('refuse %j', (options) => {
    expect(redisOptions.safeParse(options).success).toBe(false);
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(redisPlugin.name).toBe('store-redis');
  expect(contributionsOf(redisPlugin)).toEqual([{ kind: 'store', name: undefined, value: RedisStore }]);
});
