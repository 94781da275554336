/** Makes the table that the options tell of. */
import type { Clock, Logger } from '@mailverb/contract';
import type { z } from 'zod';
import { FileLookup } from './file-lookup.js';
import { HttpLookup } from './http-lookup.js';
import type { KeyForm } from './keys.js';
import type { Lookup } from './lookup.js';
import type { LookupOptions } from './lookup.options.js';
import { Table } from './table.js';

/** What a table needs of its owner. */
export interface LookupServices<K, T> {
  readonly form: KeyForm<K>;
  /** What values are: whatever is not, is no answer. */
  readonly value: z.ZodType<T>;
  /** In logs: `forward: the aliases`. */
  readonly what: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Does no I/O yet: `start` does. @throws if a table in the configuration is wrong, which its options have checked. */
export function openLookup<K, T>(options: LookupOptions, services: LookupServices<K, T>): Lookup<K, T> {
  const { map, file, http, format, reloadInterval } = options;
  if (http !== undefined) return new HttpLookup(http, services);
  if (file !== undefined) return new FileLookup({ file, format, reloadInterval }, services);
  const entries = [...(map ?? [])].map(([key, value]) => ({ key, value, line: 0 }));
  return new Table(services.form, services.value, entries);
}
