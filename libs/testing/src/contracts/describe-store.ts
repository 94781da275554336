/** The contract suite of stores: what is true of all of them. Uses the globals of jest. */
import type { Clock, Lifecycle, MaybePromise, Store } from '@mailverb/contract';
import fc from 'fast-check';
import { FakeClock } from '../fake-clock.js';

/** Makes a fresh and empty one that lives by this clock. The suite calls `start` and `stop` where there are any. */
export type StoreFactory = (clock: Clock) => MaybePromise<Store & Lifecycle>;

/** A started store, and its time. */
interface Scene {
  readonly store: Store;
  readonly clock: FakeClock;
}

const MINUTE = 60_000;

/** Keys that somebody has mixed up: each is another key than all the others. */
const KEYS: readonly string[] = [
  '',
  ' ',
  'a',
  'A',
  'a ',
  'ab',
  'a\0',
  'a\0b',
  'a:b',
  'a::b',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '0',
  '00',
  // One letter, composed and not; half a surrogate pair, and the other half.
  '\u00e9',
  'e\u0301',
  '\ud800',
  '\udc00',
  '\ufffd',
  '\u{1f4e7}',
  'k'.repeat(5000),
  'k'.repeat(5001),
];

const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : Buffer.from(value).toString('latin1');

const bytes = (value: string): Uint8Array => Buffer.from(value, 'latin1');

/** Adds one to a count, as counters of policies do. */
const increment = (ttlMs = MINUTE) => {
  return (value: Uint8Array | undefined): { value: Uint8Array; ttlMs: number } => ({
    value: bytes(String(Number(text(value) ?? '0') + 1)),
    ttlMs,
  });
};

/**
 * Tests a store against its contract.
 * @param factory called once for each test.
 */
export function describeStore(name: string, factory: StoreFactory): void {
  const test = (title: string, body: (scene: Scene) => Promise<void>): void =>
    it(title, async () => {
      const clock = new FakeClock();
      const store = await factory(clock);
      await store.start?.();
      try {
        await body({ store, clock });
      } finally {
        await store.stop?.();
      }
    });

  const heard = async (store: Store, key: string): Promise<string | undefined> => text(await store.get(key));
  const put = async (store: Store, key: string, value: string, ttlMs = MINUTE): Promise<void> =>
    store.set(key, bytes(value), ttlMs);

  describe(`store ${name} keeps the contract`, () => {
    test('knows nothing at first', async ({ store }) => {
      for (const key of KEYS) expect(await store.get(key)).toBeUndefined();
    });

    test('gives what was set, until something else is', async ({ store }) => {
      await put(store, 'a', 'one');
      expect(await heard(store, 'a')).toBe('one');
      expect(await heard(store, 'a')).toBe('one');
      await put(store, 'a', 'two');
      expect(await heard(store, 'a')).toBe('two');
    });

    test('keeps every octet, of any number', async ({ store }) => {
      const all = Uint8Array.from({ length: 256 }, (_, i) => i);
      for (const value of [new Uint8Array(0), Uint8Array.of(0), all, new Uint8Array(70_000).fill(255)]) {
        await store.set('a', value, MINUTE);
        const got = await store.get('a');
        expect(got).toBeInstanceOf(Uint8Array);
        expect(Buffer.compare(got ?? bytes('nothing'), value)).toBe(0);
        expect(Buffer.compare((await store.update('a', same)) ?? bytes('nothing'), value)).toBe(0);
        expect(Buffer.compare((await store.get('a')) ?? bytes('nothing'), value)).toBe(0);
      }
    });

    test('keeps values of its own: what is done to an array later changes nothing', async ({ store }) => {
      const memory = bytes('xvaluex');
      await store.set('a', memory.subarray(1, 6), MINUTE);
      memory.fill(0);
      expect(await heard(store, 'a')).toBe('value');
      (await store.get('a'))?.fill(0);
      expect(await heard(store, 'a')).toBe('value');
      const written = bytes('other');
      const result = await store.update('a', (before) => {
        before?.fill(0);
        return { value: written, ttlMs: MINUTE };
      });
      expect(text(result)).toBe('other');
      written.fill(0);
      expect(await heard(store, 'a')).toBe('other');
    });

    test('takes no key for another (attack A10)', async ({ store }) => {
      for (const [i, key] of KEYS.entries()) await put(store, key, String(i));
      for (const [i, key] of KEYS.entries()) expect(await heard(store, key)).toBe(String(i));
      for (const key of KEYS) {
        await store.delete(key);
        expect(await store.get(key)).toBeUndefined();
      }
    });

    test('deletes, also what is not there', async ({ store }) => {
      await put(store, 'a', 'one');
      await put(store, 'b', 'two');
      await store.delete('a');
      await store.delete('a');
      expect(await store.get('a')).toBeUndefined();
      expect(await heard(store, 'b')).toBe('two');
    });

    test('forgets when the time has come, and not before', async ({ store, clock }) => {
      await put(store, 'a', 'one', 1000);
      await put(store, 'b', 'two', 2000);
      await clock.advance(999);
      expect(await heard(store, 'a')).toBe('one');
      await clock.advance(1);
      expect(await store.get('a')).toBeUndefined();
      expect(await heard(store, 'b')).toBe('two');
      await clock.advance(30 * 24 * 60 * MINUTE);
      expect(await store.get('b')).toBeUndefined();
    });

    test('counts the time anew whenever something is written', async ({ store, clock }) => {
      await put(store, 'a', 'one', 1000);
      await clock.advance(900);
      await put(store, 'a', 'two', 1000);
      await clock.advance(900);
      expect(await heard(store, 'a')).toBe('two');
      await store.update('a', () => ({ value: bytes('three'), ttlMs: 1000 }));
      await clock.advance(900);
      expect(await heard(store, 'a')).toBe('three');
      await clock.advance(100);
      expect(await store.get('a')).toBeUndefined();
    });

    test('keeps a value for a year', async ({ store, clock }) => {
      const year = 365 * 24 * 60 * MINUTE;
      await put(store, 'a', 'one', year);
      await clock.advance(year - 1);
      expect(await heard(store, 'a')).toBe('one');
    });

    test('keeps nothing that has no time at all', async ({ store }) => {
      for (const ttlMs of [0, -1]) {
        await put(store, 'a', 'one');
        await put(store, 'a', 'two', ttlMs);
        expect(await store.get('a')).toBeUndefined();
      }
      await put(store, 'a', 'one');
      await store.update('a', () => ({ value: bytes('two'), ttlMs: 0 }));
      expect(await store.get('a')).toBeUndefined();
    });

    test('refuses a time that is none, and keeps what is there', async ({ store }) => {
      await put(store, 'a', 'one');
      for (const ttlMs of [Number.NaN, Infinity, -Infinity]) {
        await expect((async () => store.set('a', bytes('two'), ttlMs))()).rejects.toThrow(RangeError);
        const change = () => ({ value: bytes('two'), ttlMs });
        await expect((async () => store.update('a', change))()).rejects.toThrow(RangeError);
      }
      expect(await heard(store, 'a')).toBe('one');
    });

    test('updates what is there, and resolves to what was written', async ({ store }) => {
      expect(text(await store.update('a', increment()))).toBe('1');
      expect(text(await store.update('a', increment()))).toBe('2');
      expect(await heard(store, 'a')).toBe('2');
    });

    test('updates nothing where the time has come', async ({ store, clock }) => {
      await put(store, 'a', '7', 1000);
      await clock.advance(1000);
      expect(text(await store.update('a', increment()))).toBe('1');
    });

    test('deletes by an update to undefined', async ({ store }) => {
      await put(store, 'a', 'one');
      expect(await store.update('a', () => undefined)).toBeUndefined();
      expect(await store.get('a')).toBeUndefined();
      expect(await store.update('b', () => undefined)).toBeUndefined();
      expect(await store.get('b')).toBeUndefined();
    });

    test('changes nothing where the change throws, rejects with that, and goes on', async ({ store }) => {
      await put(store, 'a', '7');
      const error = new Error('no change');
      const fails = async () =>
        store.update('a', () => {
          throw error;
        });
      await expect(fails()).rejects.toThrow(error);
      const settled = await Promise.allSettled([
        store.update('a', increment()),
        fails(),
        store.update('a', increment()),
      ]);
      expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(await heard(store, 'a')).toBe('9');
    });

    test('loses no update of those that come at once', async ({ store }) => {
      const many = 200;
      const results = await Promise.all(
        Array.from({ length: many }, async (_, i) => text(await store.update(i % 4 === 0 ? 'b' : 'a', increment()))),
      );
      expect(await heard(store, 'a')).toBe(String(many * 0.75));
      expect(await heard(store, 'b')).toBe(String(many * 0.25));
      // Each has seen what another has written.
      expect(new Set(results.filter((_, i) => i % 4 !== 0)).size).toBe(many * 0.75);
    });

    test('lets no update pass another writer by', async ({ store }) => {
      await put(store, 'a', '0');
      await Promise.all([
        store.update('a', increment()),
        store.set('a', bytes('10'), MINUTE),
        store.update('a', increment()),
      ]);
      expect(['11', '12', '10']).toContain(await heard(store, 'a'));
      await Promise.all([store.update('a', increment()), store.delete('a'), store.update('a', increment())]);
      expect(['1', '2', undefined]).toContain(await heard(store, 'a'));
    });

    test('lists what it has and what has not expired, if it lists at all', async ({ store, clock }) => {
      if (store.values === undefined) return;
      expect(await listed(store)).toEqual([]);
      // More than one would read at once.
      const many = Array.from({ length: 1500 }, (_, i) => `value ${i}`);
      await Promise.all(many.map((value, i) => put(store, `key ${i}`, value, i % 3 === 0 ? MINUTE : 2 * MINUTE)));
      expect(await listed(store)).toEqual(many.toSorted());
      await store.set('empty', new Uint8Array(0), 3 * MINUTE);
      await store.delete('key 1');
      await put(store, 'key 2', 'another', 3 * MINUTE);
      await clock.advance(MINUTE);
      const left = many.filter((_, i) => i % 3 !== 0 && i !== 1 && i !== 2);
      expect(await listed(store)).toEqual(['', 'another', ...left].toSorted());
      await clock.advance(MINUTE);
      expect(await listed(store)).toEqual(['', 'another']);
    });

    test('lists values of its own, and those that are there all the time while others come and go', async ({
      store,
    }) => {
      if (store.values === undefined) return;
      const stays = Array.from({ length: 700 }, (_, i) => `stays ${i}`);
      await Promise.all(stays.map((value) => put(store, value, value)));
      const seen = new Set<string | undefined>();
      let turn = 0;
      for await (const value of store.values()) {
        seen.add(text(value));
        value.fill(0);
        if (turn++ % 100 > 0) continue;
        await put(store, `comes ${turn}`, 'comes');
        await store.delete(`comes ${turn - 100}`);
      }
      for (const value of stays) {
        expect(seen).toContain(value);
        expect(await heard(store, value)).toBe(value);
      }
      expect([...seen].filter((value) => value !== 'comes')).toHaveLength(stays.length);
    });

    test('is what a list of values with their times would be, whatever is done in whatever order', async ({
      store,
      clock,
    }) => {
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(operation, { maxLength: 30 }), async (operations) => {
          run += 1;
          const model = new Map<string, { readonly value: string; readonly until: number }>();
          const known = (key: string): string | undefined => {
            const entry = model.get(key);
            return entry === undefined || entry.until <= clock.now() ? undefined : entry.value;
          };
          for (const { type, key: short, value, ttlMs } of operations) {
            // Keys of their own for each run, as there is one store.
            const key = `${run} ${short}`;
            if (type === 'advance') await clock.advance(ttlMs);
            else if (type === 'delete') {
              await store.delete(key);
              model.delete(key);
            } else if (type === 'set') {
              await store.set(key, bytes(value), ttlMs);
              model.set(key, { value, until: clock.now() + ttlMs });
            } else if (type === 'append') {
              const before = known(key) ?? '';
              await store.update(key, (old) => ({ value: bytes((text(old) ?? '') + value), ttlMs }));
              model.set(key, { value: before + value, until: clock.now() + ttlMs });
            }
            expect(await heard(store, key)).toBe(known(key));
          }
          for (const short of SHORT) expect(await heard(store, `${run} ${short}`)).toBe(known(`${run} ${short}`));
        }),
        { numRuns: 50 },
      );
    });
  });
}

/** What a store lists, sorted. */
async function listed(store: Store): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const value of store.values?.() ?? []) found.push(text(value) ?? '');
  return found.toSorted();
}

const SHORT = ['a', 'b', '__proto__'];

const operation = fc.record({
  type: fc.constantFrom('set', 'append', 'delete', 'advance'),
  key: fc.constantFrom(...SHORT),
  value: fc.string({ unit: fc.constantFrom('\0', 'x', '\xff'), maxLength: 5 }),
  ttlMs: fc.integer({ min: 1, max: 100 }),
});

/** Writes what was there. */
function same(value: Uint8Array | undefined): { value: Uint8Array; ttlMs: number } | undefined {
  return value === undefined ? undefined : { value, ttlMs: MINUTE };
}
