/** Stores for the specs: at once, later and in any order, and not at all. */
import { Clock, type Store } from '@mailverb/contract';
import { inject, injectable } from 'tsyringe';

type Change = Parameters<Store['update']>[1];

/** Answers at once. */
@injectable()
export class MapStore implements Store {
  readonly entries = new Map<string, { readonly value: Uint8Array; readonly until: number }>();
  updates = 0;

  constructor(@inject(Clock) private readonly clock: Clock) {}

  get(key: string): Uint8Array | undefined {
    const entry = this.entries.get(key);
    return entry !== undefined && entry.until > this.clock.now() ? entry.value : undefined;
  }

  set(key: string, value: Uint8Array, ttlMs: number): void {
    this.entries.set(key, { value, until: this.clock.now() + ttlMs });
  }

  update(key: string, change: Change): Uint8Array | undefined {
    this.updates += 1;
    const written = change(this.get(key));
    if (written === undefined) this.entries.delete(key);
    else this.set(key, written.value, written.ttlMs);
    return written?.value;
  }

  delete(key: string): void {
    this.entries.delete(key);
  }

  *values(): Generator<Uint8Array> {
    for (const key of this.entries.keys()) {
      const value = this.get(key);
      if (value !== undefined) yield value;
    }
  }
}

/** Answers later, and finds out about a conflict each time: `change` is called once for nothing. */
export class LateStore implements Store {
  constructor(private readonly shared: MapStore) {}

  async get(key: string): Promise<Uint8Array | undefined> {
    await later();
    return this.shared.get(key);
  }

  async set(key: string, value: Uint8Array, ttlMs: number): Promise<void> {
    await later();
    this.shared.set(key, value, ttlMs);
  }

  async update(key: string, change: Change): Promise<Uint8Array | undefined> {
    change(this.shared.get(key));
    await later();
    return this.shared.update(key, change);
  }

  async delete(key: string): Promise<void> {
    await later();
    this.shared.delete(key);
  }
}

const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Is down. */
export const FAILING: Store = {
  get: () => Promise.reject(new Error('the store is down')),
  set: () => Promise.reject(new Error('the store is down')),
  update: () => Promise.reject(new Error('the store is down')),
  delete: () => Promise.reject(new Error('the store is down')),
};
