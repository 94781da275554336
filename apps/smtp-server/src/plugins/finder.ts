/** Finds plugins by the names that a configuration gives them: a built-in's, a file's, a package's. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from '@mailverb/contract';
import { nearest } from '@mailverb/core';
import { reasonOf } from '../errors.js';
import type { EntryKind } from '../configuration/shape.js';
import { builtinKinds, builtinNames, findBuiltin, nameAmongAll, type BuiltinKind } from './builtins.js';
import { BELONGS } from './contributions.js';
import type { ImportModule } from './import-module.js';
import { isFileName, locateFile, locatePackage, type Location } from './locate.js';
import { pluginsOf } from './module.js';

/** What a name stands for; or why nothing, and what was perhaps meant. */
export type Found =
  | { readonly plugins: readonly Plugin[] }
  | { readonly problem: string; readonly nearest?: string | undefined; readonly cause?: unknown };

/** Remembers what it has loaded, so that a module is asked once, however often it is named. */
export class PluginFinder {
  private readonly loaded = new Map<string, Promise<Found>>();

  /** @param folder of the configuration file. */
  constructor(
    private readonly folder: string,
    private readonly importModule: ImportModule,
  ) {}

  async find(kind: EntryKind, name: string): Promise<Found> {
    if (isFileName(name)) return this.fromLocation(locateFile(name, this.folder));
    const builtin = findBuiltin(kind, name);
    if (builtin !== undefined) {
      return this.once(`${builtin.kind} ${name}`, () => builtin.load(), `the built-in ${builtin.kind} ${name}`);
    }
    const others = builtinKinds(name);
    if (others.length > 0) return { problem: whatItIs(kind, name, others) };
    const location = locatePackage(name, [this.folder, dirname(fileURLToPath(import.meta.url))]);
    if (location !== undefined) return this.fromLocation(location);
    const names = builtinNames(kind);
    const listed = kind === 'plugin' ? '' : ` (${names.join(', ')})`;
    return {
      problem: `this is neither a built-in ${kind}${listed} nor an installed package`,
      nearest: nearest(name, names),
    };
  }

  private async fromLocation(location: Location): Promise<Found> {
    if ('problem' in location) return location;
    const { url } = location;
    return this.once(url, () => this.importModule(url), fileURLToPath(url));
  }

  private once(key: string, load: () => Promise<unknown>, label: string): Promise<Found> {
    let found = this.loaded.get(key);
    if (found === undefined) {
      found = loadFrom(load, label);
      this.loaded.set(key, found);
    }
    return found;
  }
}

async function loadFrom(load: () => Promise<unknown>, label: string): Promise<Found> {
  let module: unknown;
  try {
    module = await load();
  } catch (error) {
    return { problem: `the plugin could not be loaded from ${label}: ${reasonOf(error)}`, cause: error };
  }
  const found = pluginsOf(module);
  return 'problem' in found ? { problem: `${label} ${found.problem}` } : found;
}

function whatItIs(kind: EntryKind, name: string, kinds: readonly BuiltinKind[]): string {
  if (kind === 'plugin')
    return `several built-ins have this name: expected ${kinds.map((one) => nameAmongAll(one, name)).join(' or ')}`;
  const places = kinds.map((one) => `${withArticle(one)}, which belongs under ${BELONGS[one]}`);
  return `this is ${places.join(', and ')}; expected ${withArticle(kind)}`;
}

/** `a policy`, `an extension`. */
export function withArticle(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;
}
