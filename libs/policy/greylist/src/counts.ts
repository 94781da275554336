/**
 * How often each outcome was: by day, in the store, so that all processes count together and the command line can tell while they run. What was
 * counted is written some seconds later, all at once: a decision costs an addition, and a process that is killed loses those seconds.
 */
import type { Alarm, Clock, Logger, Store } from '@mailverb/contract';
import type { Outcome } from './judge.js';
import { PREFIX } from './triple.js';

/** What is counted: what triples hear, and who was not asked about. */
export type Counted = Outcome | 'allowed' | 'autoAllowed';

/** In the order in which they stand in the store: only ever added to at the end. */
export const COUNTED: readonly Counted[] = ['new', 'early', 'waiting', 'passed', 'known', 'allowed', 'autoAllowed'];

/** The numbers of one day. */
export type DayCounts = Readonly<Record<Counted, number>>;

const DAY_MS = 86_400_000;
/** From the first that is counted to the writing. */
const WRITE_AFTER_MS = 10_000;
/** A number that can be that large is exact. */
const NUMBER = 8;

/** `2026-11-25`, in UTC. */
export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** The key of a day. */
export function dayKey(day: string): string {
  return `${PREFIX}:day:${day}`;
}

/** Reads the numbers of a day; all 0 where there is nothing. */
export function decodeCounts(value: Uint8Array | undefined): DayCounts {
  const octets = value === undefined ? Buffer.alloc(0) : Buffer.from(value);
  const at = (counted: Counted): number => {
    const offset = COUNTED.indexOf(counted) * NUMBER;
    return offset + NUMBER <= octets.length ? octets.readDoubleBE(offset) : 0;
  };
  return {
    new: at('new'),
    early: at('early'),
    waiting: at('waiting'),
    passed: at('passed'),
    known: at('known'),
    allowed: at('allowed'),
    autoAllowed: at('autoAllowed'),
  };
}

/** Writes the numbers of a day. */
export function encodeCounts(counts: DayCounts): Buffer {
  const octets = Buffer.alloc(COUNTED.length * NUMBER);
  COUNTED.forEach((counted, i) => octets.writeDoubleBE(counts[counted], i * NUMBER));
  return octets;
}

/** Counts for one instance. */
export class Counts {
  /** What is not written yet, by day. */
  #pending = new Map<string, Map<Counted, number>>();
  #today = { day: -1, name: '' };
  #alarm: Alarm | undefined;
  #stopped = false;

  constructor(
    /** 0 counts nothing. */
    private readonly days: number,
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  add(counted: Counted): void {
    if (this.days === 0) return;
    const day = Math.floor(this.clock.now() / DAY_MS);
    // A date is written once a day, and not for each decision.
    if (day !== this.#today.day) this.#today = { day, name: dayOf(day * DAY_MS) };
    this.#add(this.#today.name, counted, 1);
  }

  /** Writes what is left. Whatever is counted later is not. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#write();
  }

  #add(day: string, counted: Counted, times: number): void {
    const numbers = this.#pending.get(day) ?? new Map<Counted, number>();
    this.#pending.set(day, numbers.set(counted, (numbers.get(counted) ?? 0) + times));
    if (!this.#stopped) this.#alarm ??= this.clock.after(WRITE_AFTER_MS, () => void this.#write());
  }

  async #write(): Promise<void> {
    this.#alarm?.cancel();
    this.#alarm = undefined;
    const pending = this.#pending;
    this.#pending = new Map();
    for (const [day, numbers] of pending) {
      try {
        await this.store.update(dayKey(day), (value) => ({
          value: encodeCounts(sum(decodeCounts(value), numbers)),
          ttlMs: (this.days + 1) * DAY_MS,
        }));
      } catch (error) {
        // Decisions do not depend on it. It is tried again, with what is counted until then.
        for (const [counted, times] of numbers) this.#add(day, counted, times);
        this.logger.warn({ error }, 'greylist: counts could not be written');
      }
    }
  }
}

function sum(counts: DayCounts, numbers: ReadonlyMap<Counted, number>): DayCounts {
  const added: Record<Counted, number> = { ...counts };
  for (const [counted, times] of numbers) added[counted] += times;
  return added;
}
