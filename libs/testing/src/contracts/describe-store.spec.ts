/** The contract suite of stores finds what is wrong with a store. */
import type { Clock, MaybePromise, Store } from '@mailverb/contract';
import { failuresOf } from './collect-failures.js';
import { describeStore } from './describe-store.js';

type Change = Parameters<Store['update']>[1];

/** One that keeps the contract, the long way round; what is wrong with the others is overridden. */
class GoodStore implements Store {
  readonly entries = new Map<string, { readonly value: Uint8Array; readonly until: number }>();
  private last: Promise<unknown> = Promise.resolve();

  constructor(readonly clock: Clock) {}

  get(key: string): MaybePromise<Uint8Array | undefined> {
    return this.inTurn(() => this.read(key));
  }

  set(key: string, value: Uint8Array, ttlMs: number): MaybePromise<void> {
    return this.inTurn(() => this.write(key, value, ttlMs));
  }

  update(key: string, change: Change): MaybePromise<Uint8Array | undefined> {
    return this.inTurn(() => this.change(key, change));
  }

  delete(key: string): MaybePromise<void> {
    return this.inTurn(() => void this.entries.delete(key));
  }

  protected read(key: string): Uint8Array | undefined {
    const entry = this.entries.get(key);
    return entry === undefined || entry.until <= this.clock.now() ? undefined : new Uint8Array(entry.value);
  }

  protected write(key: string, value: Uint8Array, ttlMs: number): void {
    if (!Number.isFinite(ttlMs)) throw new RangeError('no time');
    this.entries.set(key, { value: new Uint8Array(value), until: this.clock.now() + ttlMs });
  }

  protected change(key: string, change: Change): Uint8Array | undefined {
    const made = change(this.read(key));
    if (made === undefined) this.entries.delete(key);
    else this.write(key, made.value, made.ttlMs);
    return made?.value;
  }

  private inTurn<T>(act: () => T): Promise<T> {
    const done = this.last.then(act);
    this.last = done.catch(() => undefined);
    return done;
  }
}

/** The names of the tests that fail for the store. */
const failures = (make: (clock: Clock) => Store): Promise<readonly string[]> =>
  failuresOf(() => describeStore('test', make));

const AT_ONCE = 'loses no update of those that come at once';
const EXPIRY = 'forgets when the time has come, and not before';
const KEYS = 'takes no key for another (attack A10)';
const LISTS = 'lists what it has and what has not expired, if it lists at all';
const LISTS_OWN = 'lists values of its own, and those that are there all the time while others come and go';
const OWN = 'keeps values of its own: what is done to an array later changes nothing';

describe('describeStore', () => {
  it('finds nothing wrong with a good store', async () => {
    expect(await failures((clock) => new GoodStore(clock))).toEqual([]);
  });

  it('finds one that cannot tell the end of a time', async () => {
    class Forever extends GoodStore {
      protected override write(key: string, value: Uint8Array): void {
        super.write(key, value, 1e15);
      }
    }
    class TooLong extends GoodStore {
      protected override write(key: string, value: Uint8Array, ttlMs: number): void {
        super.write(key, value, ttlMs + 1);
      }
    }
    class TooShort extends GoodStore {
      protected override write(key: string, value: Uint8Array, ttlMs: number): void {
        super.write(key, value, ttlMs - 1);
      }
    }
    class LeftOver extends GoodStore {
      protected override write(key: string, value: Uint8Array, ttlMs: number): void {
        if (ttlMs > 0) super.write(key, value, ttlMs);
      }
    }
    class Seconds extends GoodStore {
      protected override write(key: string, value: Uint8Array, ttlMs: number): void {
        // What a timer of 32 bits makes of a year.
        super.write(key, value, Number.isFinite(ttlMs) ? Math.min(ttlMs, 2 ** 31) : ttlMs);
      }
    }
    for (const make of [Forever, TooLong, TooShort]) {
      expect(await failures((clock) => new make(clock))).toContain(EXPIRY);
    }
    expect(await failures((clock) => new LeftOver(clock))).toContain('keeps nothing that has no time at all');
    expect(await failures((clock) => new Seconds(clock))).toEqual(['keeps a value for a year']);
  });

  it('finds one that takes a time that is none', async () => {
    class Lenient extends GoodStore {
      protected override write(key: string, value: Uint8Array, ttlMs: number): void {
        super.write(key, value, Number.isFinite(ttlMs) ? ttlMs : 1000);
      }
    }
    expect(await failures((clock) => new Lenient(clock))).toEqual([
      'refuses a time that is none, and keeps what is there',
    ]);
  });

  it('finds an update that others pass by', async () => {
    class Racing extends GoodStore {
      override async update(key: string, change: Change): Promise<Uint8Array | undefined> {
        const before = await this.get(key);
        return super.update(key, () => change(before));
      }
    }
    expect(await failures((clock) => new Racing(clock))).toEqual(expect.arrayContaining([AT_ONCE]));
  });

  it('finds an update that forgets to delete, or says something else', async () => {
    class Keeps extends GoodStore {
      protected override change(key: string, change: Change): Uint8Array | undefined {
        return change(this.read(key)) === undefined ? undefined : super.change(key, change);
      }
    }
    class Silent extends GoodStore {
      protected override change(key: string, change: Change): undefined {
        super.change(key, change);
      }
    }
    expect(await failures((clock) => new Keeps(clock))).toContain('deletes by an update to undefined');
    expect(await failures((clock) => new Silent(clock))).toContain(
      'updates what is there, and resolves to what was written',
    );
  });

  it('finds an update that has happened although the change threw', async () => {
    class Deletes extends GoodStore {
      protected override change(key: string, change: Change): Uint8Array | undefined {
        const before = this.read(key);
        this.entries.delete(key);
        const made = change(before);
        if (made !== undefined) this.write(key, made.value, made.ttlMs);
        return made?.value;
      }
    }
    expect(await failures((clock) => new Deletes(clock))).toContain(
      'changes nothing where the change throws, rejects with that, and goes on',
    );
  });

  it('finds keys that are one to the store (attack A10)', async () => {
    const folding: readonly ((key: string) => string)[] = [
      (key) => key.toLowerCase(),
      (key) => key.normalize(),
      (key) => key.slice(0, 5000),
      (key) => key.trim(),
      // Half surrogate pairs become the same in UTF-8.
      (key) => Buffer.from(key).toString(),
      (key) => key.split('\0')[0] ?? '',
    ];
    for (const fold of folding) {
      class Folding extends GoodStore {
        protected override read(key: string): Uint8Array | undefined {
          return super.read(fold(key));
        }
        protected override write(key: string, value: Uint8Array, ttlMs: number): void {
          super.write(fold(key), value, ttlMs);
        }
      }
      expect(await failures((clock) => new Folding(clock))).toContain(KEYS);
    }
  });

  it('finds values that are not octets any more, or not its own', async () => {
    class AsText extends GoodStore {
      protected override write(key: string, value: Uint8Array, ttlMs: number): void {
        super.write(key, Buffer.from(Buffer.from(value).toString()), ttlMs);
      }
    }
    class Borrowed extends GoodStore {
      protected override write(key: string, value: Uint8Array, ttlMs: number): void {
        if (!Number.isFinite(ttlMs)) throw new RangeError('no time');
        this.entries.set(key, { value, until: this.clock.now() + ttlMs });
      }
    }
    class Lent extends GoodStore {
      protected override read(key: string): Uint8Array | undefined {
        return super.read(key) === undefined ? undefined : this.entries.get(key)?.value;
      }
    }
    expect(await failures((clock) => new AsText(clock))).toContain('keeps every octet, of any number');
    for (const make of [Borrowed, Lent]) expect(await failures((clock) => new make(clock))).toContain(OWN);
  });

  it('finds a list that is not what is there, and nothing wrong where there is none', async () => {
    class Listing extends GoodStore {
      *values(): Generator<Uint8Array> {
        for (const key of this.entries.keys()) {
          const value = this.read(key);
          if (value !== undefined) yield value;
        }
      }
    }
    class Expired extends Listing {
      override *values(): Generator<Uint8Array> {
        for (const { value } of this.entries.values()) yield new Uint8Array(value);
      }
    }
    class Some extends Listing {
      override *values(): Generator<Uint8Array> {
        yield* [...super.values()].slice(0, 1000);
      }
    }
    class Shared extends Listing {
      override *values(): Generator<Uint8Array> {
        for (const { value, until } of this.entries.values()) if (until > this.clock.now()) yield value;
      }
    }
    expect(await failures((clock) => new Listing(clock))).toEqual([]);
    for (const make of [Expired, Some]) expect(await failures((clock) => new make(clock))).toEqual([LISTS]);
    expect(await failures((clock) => new Shared(clock))).toEqual([LISTS_OWN]);
  });

  it('stops what it has started', async () => {
    let open = 0;
    class Opened extends GoodStore {
      start(): void {
        open += 1;
      }
      stop(): void {
        open -= 1;
      }
    }
    let started = 0;
    await failuresOf(() =>
      describeStore('test', (clock) => {
        started += 1;
        return new Opened(clock);
      }),
    );
    expect(started).toBeGreaterThan(10);
    expect(open).toBe(0);
  });
});
