/** A table that is here: a Map (attack A10), whose keys and values were all looked at before any is used. */
import type { z } from 'zod';
import type { KeyForm } from './keys.js';
import { NONE, type LookupAnswer } from './lookup.js';

/** One line of a table, as written. */
export interface Entry {
  readonly key: string;
  readonly value: unknown;
  /** Where, for messages. */
  readonly line: number;
}

/** What can't be meant. The message may stand in a log. */
export class TableError extends Error {
  override readonly name = 'TableError';
  constructor(
    readonly line: number,
    message: string,
  ) {
    super(message);
  }
}

/** Keys and values, each in its form. */
export class Table<K, T> {
  private readonly values: ReadonlyMap<string, LookupAnswer<T>>;

  /** @throws {TableError} at the first line that is wrong. */
  constructor(
    private readonly form: KeyForm<K>,
    schema: z.ZodType<T>,
    entries: Iterable<Entry>,
  ) {
    const values = new Map<string, LookupAnswer<T>>();
    for (const { key: written, value: raw, line } of entries) {
      const key = form.read(written);
      if (key === undefined) throw new TableError(line, `expected ${form.expected}`);
      if (values.has(key)) throw new TableError(line, 'this key stands there twice');
      const value = schema.safeParse(raw);
      if (!value.success) throw new TableError(line, messageOf(value.error));
      values.set(key, { kind: 'found', value: value.data });
    }
    this.values = values;
  }

  get size(): number {
    return this.values.size;
  }

  find(key: K): LookupAnswer<T> {
    const { values } = this;
    for (const candidate of this.form.candidates(key)) {
      const found = values.get(candidate);
      if (found !== undefined) return found;
    }
    return NONE;
  }
}

/** The first thing that is wrong with a value. */
export function messageOf(error: z.ZodError): string {
  return error.issues[0]?.message ?? 'a value of another form';
}
