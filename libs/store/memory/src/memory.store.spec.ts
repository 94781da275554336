/** The store memory: the contract, and its bounds. */
import { FakeClock, contributionsOf, describeStore } from '@mailverb/testing';
import { memoryOptions } from './memory.options.js';
import { MemoryStore } from './memory.store.js';
import memoryStorePlugin from './plugin.js';

const make = (clock = new FakeClock(), options: Parameters<typeof memoryOptions.parse>[0] = {}): MemoryStore =>
  new MemoryStore(memoryOptions.parse(options), clock);

describeStore('memory', (clock) => new MemoryStore(memoryOptions.parse({}), clock));

const VALUE = Uint8Array.of(1);

/** The numbers of those of the first `n` keys that are there. */
const there = (store: MemoryStore, n: number): number[] =>
  Array.from({ length: n }, (_, i) => i).filter((i) => store.get(String(i)) !== undefined);

describe('what the store memory keeps', () => {
  it('is bounded: the value that was written longest ago goes', () => {
    const store = make(undefined, { maxEntries: 3 });
    for (let i = 0; i < 3; i++) store.set(String(i), VALUE, 1000);
    store.set('0', VALUE, 1000);
    store.set('3', VALUE, 1000);
    expect(there(store, 10)).toEqual([0, 2, 3]);
    store.update('2', () => ({ value: VALUE, ttlMs: 1000 }));
    store.set('4', VALUE, 1000);
    expect(there(store, 10)).toEqual([2, 3, 4]);
    // Read is not written.
    store.get('3');
    store.set('5', VALUE, 1000);
    expect(there(store, 10)).toEqual([2, 4, 5]);
  });

  it('drops nobody else where a value is written again', () => {
    const store = make(undefined, { maxEntries: 2 });
    store.set('0', VALUE, 1000);
    store.set('1', VALUE, 1000);
    for (let i = 0; i < 10; i++) store.set('1', VALUE, 1000);
    expect(there(store, 2)).toEqual([0, 1]);
  });

  it('is bounded after any number of writes and deletions', () => {
    const store = make(undefined, { maxEntries: 10 });
    for (let i = 0; i < 1000; i++) {
      store.set(String(i), VALUE, 1000);
      if (i % 3 === 0) store.delete(String(i - 1));
      expect(store.size).toBeLessThanOrEqual(10);
    }
  });

  it('is not what has expired: every write drops some, without a timer', async () => {
    const clock = new FakeClock();
    const store = make(clock);
    for (let i = 0; i < 1000; i++) store.set(`old ${i}`, VALUE, 1000);
    await clock.advance(1000);
    expect(store.size).toBe(1000);
    for (let i = 0; i < 600; i++) store.set(`new ${i}`, VALUE, 1000);
    expect(store.size).toBe(600);
    expect(clock.pending).toBe(0);
  });

  it('is not what has expired, though one value is written again and again', async () => {
    const clock = new FakeClock();
    const store = make(clock);
    for (let i = 0; i < 100; i++) store.set(`old ${i}`, VALUE, 1000);
    await clock.advance(1000);
    for (let i = 0; i < 200; i++) store.update('count', () => ({ value: VALUE, ttlMs: 1000 }));
    expect(store.size).toBe(1);
  });

  it('costs the same however full it is: dropping the oldest does not walk over what is gone', () => {
    const store = make(undefined, { maxEntries: 100_000 });
    for (let i = 0; i < 100_000; i++) store.set(String(i), VALUE, 1000);
    const before = process.cpuUsage();
    for (let i = 100_000; i < 300_000; i++) store.set(String(i), VALUE, 1000);
    const { user, system } = process.cpuUsage(before);
    // Well under a second; minutes if each walked over the holes of those before.
    expect((user + system) / 1000).toBeLessThan(5000);
    expect(store.size).toBe(100_000);
  });
});

describe('options of the store memory', () => {
  it('have defaults', () => {
    expect(memoryOptions.parse({})).toEqual({ maxEntries: 1_000_000 });
  });

  it.each([{ maxEntries: 0 }, { maxEntries: 1.5 }, { maxEntries: '7' }, { size: 7 }])('refuse %p', (options) => {
    expect(memoryOptions.safeParse(options).success).toBe(false);
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(memoryStorePlugin.name).toBe('store-memory');
  expect(contributionsOf(memoryStorePlugin)).toEqual([{ kind: 'store', name: undefined, value: MemoryStore }]);
});
