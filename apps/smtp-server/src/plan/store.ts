/** Which store the server has: one for all listeners, loaded only where it is written or something needs it. */
import { Store, type PluginUse } from '@mailverb/contract';
import type { Issue } from '@mailverb/core';
import type { Entry } from '../configuration/shape.js';
import type { ReadEntry } from './entries.js';

/** What a server of one process keeps its state in, and what one of several. */
const DEFAULTS: { readonly one: Entry; readonly several: Entry } = {
  one: 'memory',
  several: { use: 'lmdb', path: './var/store' },
};

/** The entry to read, if any. */
export function storeEntry(
  written: Entry | undefined,
  uses: readonly PluginUse[],
  provided: boolean,
  processes: number,
): Entry | undefined {
  if (written !== undefined) return written;
  if (provided || !uses.some(needsStore)) return undefined;
  return processes > 1 ? DEFAULTS.several : DEFAULTS.one;
}

/** State is never shared by accident, and never by accident not shared: in memory each process would have its own. */
export function storeIssues(
  store: ReadEntry | undefined,
  uses: readonly PluginUse[],
  processes: number,
): readonly Issue[] {
  if (processes === 1 || store?.use.plugin.name !== 'store-memory') return [];
  const needing = uses.find(needsStore);
  if (needing === undefined) return [];
  return [
    {
      path: 'store',
      message: `expected a store that ${processes} processes can share, such as { use: lmdb, path: ./var/store }: memory is of one process, and ${needing.plugin.name} would count in each for itself (see processes)`,
    },
  ];
}

/** True if the plugin, or one within its options, says that it needs a store. */
function needsStore({ plugin, options, transforms }: PluginUse): boolean {
  if (plugin.needs?.includes(Store) === true) return true;
  if (transforms?.some(needsStore) === true) return true;
  return plugin.nested !== undefined && usesWithin(options).some(needsStore);
}

/** Plugins put to use within options, however deep. */
export function usesWithin(value: unknown): readonly PluginUse[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(usesWithin);
  if ('plugin' in value && 'options' in value) return [value as PluginUse];
  return Object.values(value).flatMap(usesWithin);
}
