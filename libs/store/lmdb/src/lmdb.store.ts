/**
 * LMDB: what plugins share, in a file that all processes of a machine have in their memory. A write is a transaction that no other process is in, and
 * is there for all of them when it resolves; a crash of a process loses nothing, one of the machine the last moments and never the file.
 *
 * What has expired is never read. It is dropped in passing, some at a time: after writes a look goes on through all values, round and round, and the
 * further the more was written. Where nothing is written nothing grows, and there is no timer.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Clock, Options, type Alarm, type Lifecycle, type Store } from '@mailverb/contract';
import { open, type RootDatabase } from 'lmdb';
import { inject, injectable } from 'tsyringe';
import type { LmdbOptions } from './lmdb.options.js';
import { decode, encode, hashOf, untilOf } from './record.js';

type Database = RootDatabase<Buffer, Buffer>;

const FILE = 'store.lmdb';

/** From a write to the look for what has expired. */
const LOOK_AFTER_MS = 10_000;
/** Values of one look, and of one transaction: short enough that nobody waits for it. */
const LOOK = 500;
/** Values looked at for each that was written: more than one, or the look would never come round. */
const LOOKS_PER_WRITE = 2;
/** Values that are added before all are counted again, which costs as much as adding some: as many more there may be for each process but one. */
const ADD_BEFORE_COUNT = 32;
/** Values looked at for an expired one where there is no room. */
const LOOK_FOR_ROOM = 16;

/** The store lmdb. */
@injectable()
export class LmdbStore implements Store, Lifecycle {
  readonly #path: string;
  readonly #maxEntries: number;
  readonly #clock: Clock;
  readonly #pending = new Set<Promise<unknown>>();
  #database: Database | undefined;
  #alarm: Alarm | undefined;
  /** Where the look is. Anywhere at first: other processes look too. */
  #looked: Buffer = randomBytes(32);
  #written = 0;
  /** How many more values may be added before they are counted again. */
  #mayAdd = 0;

  constructor(@inject(Options) { path, maxEntries }: LmdbOptions, @inject(Clock) clock: Clock) {
    this.#path = path;
    this.#maxEntries = maxEntries;
    this.#clock = clock;
  }

  start(): void {
    if (this.#database !== undefined) return;
    mkdirSync(this.#path, { recursive: true, mode: 0o700 });
    this.#database = open<Buffer, Buffer>({
      path: join(this.#path, FILE),
      encoding: 'binary',
      keyEncoding: 'binary',
      noSubdir: true,
    });
  }

  async stop(): Promise<void> {
    const database = this.#database;
    if (database === undefined) return;
    // From now on everything rejects; what is under way comes to its end.
    this.#database = undefined;
    this.#alarm?.cancel();
    this.#alarm = undefined;
    await Promise.allSettled(this.#pending);
    await database.close();
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return this.#read(this.#opened(), hashOf(key));
  }

  async set(key: string, value: Uint8Array, ttlMs: number): Promise<void> {
    checkTime(ttlMs);
    // Now, as whoever gave it may use the memory for something else meanwhile.
    const octets = encode({ value, until: this.#clock.now() + ttlMs });
    const hash = hashOf(key);
    await this.#transact((database) => this.#write(database, hash, octets, ttlMs));
  }

  async update(
    key: string,
    change: (value: Uint8Array | undefined) => { value: Uint8Array; ttlMs: number } | undefined,
  ): Promise<Uint8Array | undefined> {
    const hash = hashOf(key);
    return this.#transact((database) => {
      const written = change(this.#read(database, hash));
      if (written === undefined) {
        database.remove(hash);
        return undefined;
      }
      const { value, ttlMs } = written;
      checkTime(ttlMs);
      this.#write(database, hash, encode({ value, until: this.#clock.now() + ttlMs }), ttlMs);
      return value;
    });
  }

  async delete(key: string): Promise<void> {
    const hash = hashOf(key);
    await this.#transact((database) => void database.remove(hash));
  }

  /** Some at a time, each in a look of its own: a long one would keep the file from using again what is dropped meanwhile. */
  async *values(): AsyncGenerator<Uint8Array> {
    let start: Buffer = Buffer.alloc(0);
    for (;;) {
      const some = [...this.#opened().getRange({ start, exclusiveStart: true, limit: LOOK })].map(({ key, value }) => ({
        key: Buffer.from(key),
        ...decode(value),
      }));
      const last = some.at(-1);
      if (last === undefined) return;
      for (const { value, until } of some) if (until > this.#clock.now()) yield value;
      start = last.key;
      // Others come between, where nobody waits between the values.
      await nextTurn();
    }
  }

  #opened(): Database {
    if (this.#database === undefined) throw new Error('the store is not open');
    return this.#database;
  }

  /** Within a transaction no other process writes, and what is read is what was written last. */
  async #transact<T>(work: (database: Database) => T): Promise<T> {
    const database = this.#opened();
    const done = database.transaction(() => work(database));
    this.#pending.add(done);
    try {
      return await done;
    } finally {
      this.#pending.delete(done);
    }
  }

  #read(database: Database, hash: Buffer): Uint8Array | undefined {
    const octets = database.get(hash);
    if (octets === undefined) return undefined;
    const { value, until } = decode(octets);
    return until > this.#clock.now() ? value : undefined;
  }

  #write(database: Database, hash: Buffer, octets: Buffer, ttlMs: number): void {
    this.#written += 1;
    this.#alarm ??= this.#clock.after(LOOK_AFTER_MS, () => this.#lookSoon());
    if (ttlMs <= 0) {
      database.remove(hash);
      return;
    }
    if (!database.doesExist(hash)) this.#makeRoom(database);
    database.put(hash, octets);
  }

  /** Drops what has expired next to where the look is, or else one that has not; which, is as good as chance. */
  #makeRoom(database: Database): void {
    if (this.#mayAdd === 0) {
      this.#mayAdd = Math.min(ADD_BEFORE_COUNT, Math.max(0, this.#maxEntries - countOf(database)));
    }
    if (this.#mayAdd > 0) {
      this.#mayAdd -= 1;
      return;
    }
    const near = this.#next(database, LOOK_FOR_ROOM);
    const now = this.#clock.now();
    const expired = near.filter(({ value }) => untilOf(value) <= now);
    for (const { key } of expired.length > 0 ? expired : near.slice(0, 1)) database.remove(key);
  }

  /** The next values from where the look is, which then is behind them. From the last on it begins anew. */
  #next(database: Database, limit: number): readonly { readonly key: Buffer; readonly value: Buffer }[] {
    const from = (start: Buffer) => [...database.getRange({ start, exclusiveStart: true, limit })];
    let found = from(this.#looked);
    if (found.length === 0) found = from(Buffer.alloc(0));
    const last = found.at(-1);
    if (last !== undefined) this.#looked = Buffer.from(last.key);
    return found;
  }

  #lookSoon(): void {
    this.#alarm = undefined;
    // Whatever keeps it from dropping something keeps others from writing, who tell.
    this.#lookNow().catch(() => undefined);
  }

  /** Looks at some values, and at more the more was written since; each time in a transaction of its own, so that others come between. */
  async #lookNow(): Promise<void> {
    let left = Math.max(LOOK, LOOKS_PER_WRITE * this.#written);
    this.#written = 0;
    for (; left > 0 && this.#database !== undefined; left -= LOOK) await this.#look();
  }

  async #look(): Promise<void> {
    const isExpired = ({ value }: { readonly value: Buffer }): boolean => untilOf(value) <= this.#clock.now();
    const keys = this.#next(this.#opened(), LOOK)
      .filter(isExpired)
      .map(({ key }) => Buffer.from(key));
    if (keys.length === 0) return;
    await this.#transact((database) => {
      for (const key of keys) {
        // Somebody may have written it meanwhile.
        const value = database.get(key);
        if (value !== undefined && isExpired({ value })) database.remove(key);
      }
    });
  }
}

function checkTime(ttlMs: number): void {
  if (!Number.isFinite(ttlMs)) throw new RangeError(`a value has a time to live, not ${ttlMs} ms`);
}

/** How many values there are, expired ones among them. */
function countOf(database: Database): number {
  const stats: { readonly entryCount?: unknown } = database.getStats();
  return typeof stats.entryCount === 'number' ? stats.entryCount : 0;
}
