/** The store lmdb: the contract, several processes, what is dropped, and what it does while it is not open. */
import { fork, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@mailverb/contract';
import { FakeClock, contributionsOf, describeStore, within } from '@mailverb/testing';
import { open } from 'lmdb';
import { lmdbOptions } from './lmdb.options.js';
import { LmdbStore } from './lmdb.store.js';
import lmdbPlugin from './plugin.js';

const root = mkdtempSync(join(tmpdir(), 'mailverb-lmdb-'));
afterAll(() => rmSync(root, { recursive: true }));

let folders = 0;
const folder = (): string => join(root, String(++folders));

describeStore('lmdb', (clock) => new LmdbStore(lmdbOptions.parse({ path: folder() }), clock));

const MINUTE = 60_000;
const VALUE = Uint8Array.of(1);

/** The time that other processes have too. */
const REAL: Clock = { now: () => Date.now(), after: () => ({ cancel: () => undefined }) };

/** A started store, stopped when the test has ended. */
const opened: LmdbStore[] = [];
afterEach(async () => {
  for (const store of opened.splice(0)) await store.stop();
});
function start(path = folder(), clock: Clock = new FakeClock(), maxEntries = 1_000_000): LmdbStore {
  const store = new LmdbStore({ path, maxEntries }, clock);
  store.start();
  opened.push(store);
  return store;
}

/** How many values there are in the file, expired ones among them. */
async function sizeOf(path: string): Promise<number> {
  const keyEncoding = 'binary';
  const database = open({ path: join(path, 'store.lmdb'), noSubdir: true, encoding: 'binary', keyEncoding });
  const size = database.getCount();
  await database.close();
  return size;
}

const text = (value: Uint8Array | undefined): string => Buffer.from(value ?? []).toString();
const increment = (value: Uint8Array | undefined) => ({
  value: Buffer.from(String(Number(text(value)) + 1)),
  ttlMs: MINUTE,
});

describe('the store lmdb, opened', () => {
  it('makes its folder, for nobody else to read, and no sooner', async () => {
    const path = join(folder(), 'a', 'b');
    const store = new LmdbStore({ path, maxEntries: 10 }, new FakeClock());
    expect(existsSync(path)).toBe(false);
    store.start();
    expect(statSync(path).mode & 0o777).toBe(0o700);
    await store.stop();
  });

  it('has what was written before it was closed', async () => {
    const path = folder();
    const clock = new FakeClock();
    const store = start(path, clock);
    await store.set('a', Buffer.from('one'), MINUTE);
    await store.set('b', Buffer.from('two'), 2 * MINUTE);
    await store.stop();
    await clock.advance(MINUTE);
    store.start();
    expect(await store.get('a')).toBeUndefined();
    expect(text(await store.get('b'))).toBe('two');
    await store.stop();
    expect(text(await start(path, clock).get('b'))).toBe('two');
  });

  it('rejects everything before it is, and after, and may be stopped twice', async () => {
    const store = new LmdbStore({ path: folder(), maxEntries: 10 }, new FakeClock());
    const everything = async (): Promise<void> => {
      for (const act of [
        () => store.get('a'),
        () => store.set('a', VALUE, MINUTE),
        () => store.update('a', increment),
        () => store.delete('a'),
      ]) {
        await expect(act()).rejects.toThrow('the store is not open');
      }
    };
    await everything();
    await store.stop();
    store.start();
    store.start();
    await store.set('a', VALUE, MINUTE);
    await store.stop();
    await store.stop();
    await everything();
  });

  it('finishes what is under way before it closes', async () => {
    const store = start();
    const results = Array.from({ length: 50 }, () => store.update('a', increment));
    await store.stop();
    expect((await Promise.all(results)).map(text)).toEqual(Array.from({ length: 50 }, (_, i) => String(i + 1)));
  });

  it('leaves no alarm behind', async () => {
    const clock = new FakeClock();
    const store = start(folder(), clock);
    expect(clock.pending).toBe(0);
    await store.set('a', VALUE, MINUTE);
    await store.set('b', VALUE, MINUTE);
    expect(clock.pending).toBe(1);
    await store.stop();
    expect(clock.pending).toBe(0);
  });

  it('says so where it can not be', () => {
    expect(() => new LmdbStore({ path: join(__filename, 'x'), maxEntries: 10 }, new FakeClock()).start()).toThrow(
      'ENOTDIR',
    );
  });
});

describe('the store lmdb, by several at once', () => {
  it('is one for all that have opened the same folder in one process, as during a reload', async () => {
    const path = folder();
    const stores = [start(path), start(path), start(path)];
    await Promise.all(Array.from({ length: 300 }, (_, i) => stores[i % 3]?.update('a', increment)));
    for (const store of stores) expect(text(await store.get('a'))).toBe('300');
    // One is closed while the others are at work.
    const others = Array.from({ length: 100 }, (_, i) => stores[1 + (i % 2)]?.update('a', increment));
    await stores[0]?.stop();
    await Promise.all(others);
    expect(text(await stores[1]?.update('a', increment))).toBe('401');
    expect(text(await stores[2]?.get('a'))).toBe('401');
  });

  it('loses no update of several processes', async () => {
    const path = folder();
    const [times, processes] = [300, 2];
    const children = Array.from({ length: processes }, () => new Child(path, times));
    try {
      const store = start(path, REAL);
      await Promise.all(children.map((child) => child.message()));
      for (const child of children) child.go();
      await Promise.all(children.map((child) => child.message()));
      const own = Array.from({ length: times }, async () => Number(text(await store.update('count', increment))));
      const seen = (await Promise.all([Promise.all(own), ...children.map((child) => child.message())])).flat();
      // Each update has seen what another has written, whoever that was.
      expect(seen.toSorted((a, b) => Number(a) - Number(b))).toEqual(
        Array.from({ length: times * (processes + 1) }, (_, i) => i + 1),
      );
      expect(text(await store.get('count'))).toBe(String(times * (processes + 1)));
    } finally {
      for (const child of children) child.end();
    }
  }, 60_000);

  it('goes on when a process is killed in the middle of its work', async () => {
    const path = folder();
    const child = new Child(path, 1_000_000);
    try {
      const store = start(path, REAL);
      await child.message();
      child.go();
      await child.message();
      // It counts now, and some of what it counts is seen here before it ends.
      for (let i = 0; i < 20; i++) await store.update('other', increment);
      child.end();
      await child.ended();
      const before = Number(text(await store.get('count')));
      expect(text(await within(store.update('count', increment), () => new Error('the lock is still held')))).toBe(
        String(before + 1),
      );
    } finally {
      child.end();
    }
  }, 60_000);
});

/** A process that counts. */
class Child {
  private readonly process: ChildProcess;
  private readonly said: unknown[] = [];
  private over = false;
  private wake: () => void = () => undefined;

  constructor(path: string, times: number) {
    const compiler = require.resolve('@swc/core');
    this.process = fork(join(__dirname, '../fixtures/count.cjs'), [path, String(times), compiler], {
      execArgv: ['--conditions=@mailverb/source'],
    });
    this.process.on('message', (message) => {
      this.said.push(message);
      this.wake();
    });
    this.process.on('exit', () => {
      this.over = true;
      this.wake();
    });
  }

  go(): void {
    this.process.send('go');
  }

  /** What it says next. */
  message(): Promise<unknown> {
    return this.until(() => this.said.length > 0 || this.over).then(() => {
      if (this.said.length === 0) throw new Error('the process has ended');
      return this.said.shift();
    });
  }

  end(): void {
    this.process.kill('SIGKILL');
  }

  ended(): Promise<void> {
    return this.until(() => this.over);
  }

  private until(happened: () => boolean): Promise<void> {
    const coming = new Promise<void>((resolve) => {
      this.wake = () => void (happened() && resolve());
      this.wake();
    });
    return within(coming, () => new Error('nothing is heard of the process'), 30_000);
  }
}

describe('what the store lmdb drops', () => {
  const many = async (store: LmdbStore, n: number, prefix: string, ttlMs: number): Promise<void> => {
    await Promise.all(Array.from({ length: n }, (_, i) => store.set(`${prefix} ${i}`, VALUE, ttlMs)));
  };

  /** Each is behind the transactions that were there before it: whatever is dropped meanwhile is dropped now. */
  async function others(store: LmdbStore, n = 30): Promise<void> {
    for (let i = 0; i < n; i++) await store.update('nothing', () => undefined);
  }

  it('is what has expired, in passing, and nothing else', async () => {
    const path = folder();
    const clock = new FakeClock();
    const store = start(path, clock);
    await many(store, 2000, 'short', 1000);
    await many(store, 500, 'long', 24 * 60 * MINUTE);
    expect(await sizeOf(path)).toBe(2500);
    // 5000 looks, as 2500 were written: all of them, whatever the start.
    await clock.advance(10_000);
    await others(store);
    expect(await sizeOf(path)).toBe(500);
    for (let i = 0; i < 500; i++) expect(await store.get(`long ${i}`)).toEqual(VALUE);
  });

  it('is dropped some at a time, a little after something is written', async () => {
    const path = folder();
    const clock = new FakeClock();
    const store = start(path, clock);
    await many(store, 1200, 'short', 5000);
    await clock.advance(9_999);
    await others(store);
    expect(await sizeOf(path)).toBe(1200);
    await clock.advance(1);
    await others(store);
    // 2400 looks.
    expect(await sizeOf(path)).toBe(0);
    await many(store, 1200, 'short', 20_000);
    await clock.advance(10_000);
    await others(store);
    expect(await sizeOf(path)).toBe(1200);
    const sizes: number[] = [];
    for (let i = 0; i < 4; i++) {
      await clock.advance(10_000);
      await store.set('other', VALUE, MINUTE);
      await clock.advance(10_000);
      await others(store);
      sizes.push(await sizeOf(path));
    }
    // 500 at least, and the look comes round.
    expect(sizes[0]).toBeLessThanOrEqual(1201);
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
    expect(sizes.at(-1)).toBe(1);
  });

  it('is expired ones first where there is no room, and then any; never more than there may be', async () => {
    const path = folder();
    const clock = new FakeClock();
    const store = start(path, clock, 100);
    await many(store, 300, 'a', MINUTE);
    expect(await sizeOf(path)).toBe(100);
    const left: string[] = [];
    for (let i = 0; i < 300; i++) if ((await store.get(`a ${i}`)) !== undefined) left.push(`a ${i}`);
    // Written again, nobody else goes.
    for (const key of left) await store.set(key, VALUE, 2 * MINUTE);
    for (const key of left) expect(await store.get(key)).toEqual(VALUE);
    expect(await sizeOf(path)).toBe(100);
    // All but one expire, so that one is at hand wherever the look is.
    for (const key of left.slice(1)) await store.set(key, VALUE, 1);
    await clock.advance(1);
    await many(store, 1, 'b', MINUTE);
    expect(await store.get('b 0')).toEqual(VALUE);
    expect(await store.get(left[0] ?? '')).toEqual(VALUE);
    expect(await sizeOf(path)).toBeLessThan(100);
  });
});

describe('options of the store lmdb', () => {
  it('have defaults', () => {
    expect(lmdbOptions.parse({ path: 'x' })).toEqual({ path: 'x', maxEntries: 1_000_000 });
  });

  it.each([{}, { path: '' }, { path: 7 }, { path: 'x', maxEntries: 0 }, { path: 'x', mapSize: 7 }])(
    'refuse %j',
    (options) => {
      expect(lmdbOptions.safeParse(options).success).toBe(false);
    },
  );
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(lmdbPlugin.name).toBe('store-lmdb');
  expect(contributionsOf(lmdbPlugin)).toEqual([{ kind: 'store', name: undefined, value: LmdbStore }]);
});
