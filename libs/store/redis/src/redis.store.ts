/**
 * Redis: what plugins share, for several machines. A read is one command, and so is a write; an update reads, lets `change` decide, and writes only if
 * the same is still there, by a script that Redis carries out in one step. While Redis is not to be had everything rejects at once.
 */
import { Clock, Logger, Options, type Lifecycle, type Store } from '@mailverb/contract';
import { inject, injectable } from 'tsyringe';
import { Link } from './link.js';
import { decode, encode, expiryOf, keyIn, patternOf } from './record.js';
import type { RedisOptions } from './redis.options.js';
import { Turns } from './turns.js';

/** Writes (or, without a value, deletes) if what is there is what was read; else gives what is there now. Nothing is the empty text. */
const SWAP = `local there = redis.call('GET', KEYS[1]) or ''
if there ~= ARGV[1] then return {0, there} end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return {1}`;

const NOTHING = Buffer.alloc(0);
/** Keys of one look, where all are listed. */
const LOOK = '500';

/** The store redis. */
@injectable()
export class RedisStore implements Store, Lifecycle {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #prefix: string;
  /** Updates of one key in one process come after each other: they would only be in each other's way. */
  readonly #turns = new Turns();

  constructor(
    @inject(Options) { prefix, ...settings }: RedisOptions,
    @inject(Clock) clock: Clock,
    @inject(Logger) logger: Logger,
  ) {
    this.#prefix = prefix;
    this.#clock = clock;
    this.#link = new Link(settings, clock, logger);
  }

  /** A Redis that is not there is none to wait for: whoever needs it is deferred, and it is tried again. */
  async start(): Promise<void> {
    if (!this.#link.isOpen) await this.#link.open();
  }

  stop(): void {
    this.#link.close();
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const name = keyIn(this.#prefix, key);
    return this.#link.within(async (ask) => this.#living(octetsOf(await ask('GET', name))));
  }

  async set(key: string, value: Uint8Array, ttlMs: number): Promise<void> {
    checkTime(ttlMs);
    const name = keyIn(this.#prefix, key);
    // Now, as whoever gave it may use the memory for something else meanwhile.
    const octets = encode({ value, until: this.#clock.now() + ttlMs });
    await this.#link.within((ask) => (ttlMs <= 0 ? ask('DEL', name) : ask('SET', name, octets, 'PX', expiryOf(ttlMs))));
  }

  /** One that rejects may have happened all the same: the answer was lost, and not the question. */
  async update(
    key: string,
    change: (value: Uint8Array | undefined) => { value: Uint8Array; ttlMs: number } | undefined,
  ): Promise<Uint8Array | undefined> {
    const name = keyIn(this.#prefix, key);
    return this.#link.within((ask) =>
      this.#turns.take(name.toString('latin1'), async () => {
        let there = octetsOf(await ask('GET', name));
        for (;;) {
          const written = change(this.#living(there));
          if (written !== undefined) checkTime(written.ttlMs);
          const stays = written !== undefined && written.ttlMs > 0;
          const next = stays ? encode({ value: written.value, until: this.#clock.now() + written.ttlMs }) : NOTHING;
          if (!stays && there.length === 0) return written?.value;
          const result = Uint8Array.from(written?.value ?? NOTHING);
          const now = swapped(await ask('EVAL', SWAP, '1', name, there, next, stays ? expiryOf(written.ttlMs) : '0'));
          if (now === undefined) return written === undefined ? undefined : result;
          there = now;
        }
      }),
    );
  }

  async delete(key: string): Promise<void> {
    const name = keyIn(this.#prefix, key);
    await this.#link.within((ask) => ask('DEL', name));
  }

  async *values(): AsyncGenerator<Uint8Array> {
    let cursor = '0';
    do {
      const at = cursor;
      const { next, found } = await this.#link.within(async (ask) => {
        const { cursor: following, keys } = scanned(
          await ask('SCAN', at, 'MATCH', patternOf(this.#prefix), 'COUNT', LOOK),
        );
        return { next: following, found: keys.length === 0 ? [] : listOf(await ask('MGET', ...keys)) };
      });
      for (const octets of found) {
        const value = this.#living(octetsOf(octets));
        if (value !== undefined) yield value;
      }
      cursor = next;
    } while (cursor !== '0');
  }

  #living(octets: Buffer): Uint8Array | undefined {
    if (octets.length === 0) return undefined;
    const { value, until } = decode(octets);
    return until > this.#clock.now() ? value : undefined;
  }
}

function checkTime(ttlMs: number): void {
  if (!Number.isFinite(ttlMs)) throw new RangeError(`a value has a time to live, not ${ttlMs} ms`);
}

/** What GET gives; nothing is the empty one, as no value of ours is. */
function octetsOf(answer: unknown): Buffer {
  if (answer === null) return NOTHING;
  if (!Buffer.isBuffer(answer)) throw unexpected();
  return answer;
}

/** What is there in place of what was expected; undefined if it was written. */
function swapped(answer: unknown): Buffer | undefined {
  const [done, there] = listOf(answer);
  if (done === 1) return undefined;
  if (done !== 0) throw unexpected();
  return octetsOf(there);
}

function scanned(answer: unknown): { readonly cursor: string; readonly keys: readonly Buffer[] } {
  const [cursor, keys] = listOf(answer);
  if (!Buffer.isBuffer(cursor)) throw unexpected();
  return { cursor: cursor.toString('latin1'), keys: listOf(keys).map(octetsOf) };
}

function listOf(answer: unknown): readonly unknown[] {
  if (!Array.isArray(answer)) throw unexpected();
  return answer;
}

function unexpected(): Error {
  return new Error('redis: this was no answer to the question');
}
