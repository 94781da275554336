/** Entries to plugins put to use: `maildir`, `{ use: maildir, path: ./mail }`, and, from code, manifests and uses. */
import type { Plugin, PluginUse } from '@mailverb/contract';
import { nearest, type Issue } from '@mailverb/core';
import { duration } from '@mailverb/options';
import { indexPath, keyPath } from '../configuration/path.js';
import type { Referenced } from '../configuration/references.js';
import type { EntryKind } from '../configuration/shape.js';
import { isPlainObject, without } from '../configuration/tree.js';
import { reasonOf } from '../errors.js';
import { BELONGS, rehearse, type Contributed } from '../plugins/contributions.js';
import { withArticle, type PluginFinder } from '../plugins/finder.js';
import { isPlugin, isPluginUse } from '../plugins/module.js';
import { coerceReferences } from './coerce.js';
import { replaceNested } from './nested.js';

/** An entry that was made sense of. */
export interface ReadEntry {
  readonly use: PluginUse;
  readonly contributions: readonly Contributed[];
}

/** What is written in an entry, taken apart. */
interface Written {
  readonly plugin: string | Plugin;
  /** Where the name stands. */
  readonly namePath: string;
  /** Everything but `use`. */
  readonly rest: unknown;
  /** What code has said beside the options. */
  readonly how: Omit<PluginUse, 'plugin' | 'options' | 'path'>;
}

const budgetSchema = duration();
const MODES = ['enforce', 'dry-run'] as const;

/** Reads entries, and collects what is wrong with them. */
export class EntryReader {
  private readonly found: Issue[] = [];

  constructor(
    private readonly finder: PluginFinder,
    private readonly referenced: ReadonlyMap<string, Referenced>,
  ) {}

  /** Everything that was wrong so far. */
  get issues(): readonly Issue[] {
    return this.found;
  }

  /** A list of entries; what is wrong in it is left out. */
  async list(kind: EntryKind, raw: readonly unknown[], path: string): Promise<readonly ReadEntry[]> {
    const read = await Promise.all(raw.map((entry, i) => this.entry(kind, entry, indexPath(path, i))));
    return read.flat();
  }

  /** One entry, where only one may stand. */
  async one(kind: EntryKind, raw: unknown, path: string): Promise<ReadEntry | undefined> {
    const [first] = await this.entry(kind, raw, path);
    return first;
  }

  /** An entry within the options of another. */
  private async nested(kind: EntryKind, raw: unknown, path: string): Promise<PluginUse | undefined> {
    const use = (await this.one(kind, raw, path))?.use;
    // The outer policy's verdict is the one that counts or is only rehearsed; said here it would have no effect.
    for (const [key, value] of [
      ['mode', use?.mode],
      ['budget', use?.budgetMs],
    ] as const) {
      if (value === undefined) continue;
      this.found.push({ path: keyPath(path, key), message: 'has no effect within another policy: say it on that one' });
    }
    // Without them, so that the core does not say it again.
    return use && { ...use, mode: undefined, budgetMs: undefined };
  }

  private async entry(kind: EntryKind, raw: unknown, path: string): Promise<readonly ReadEntry[]> {
    const written = this.takeApart(kind, raw, path);
    if (written === undefined) return [];
    const plugins = await this.pluginsFor(kind, written);
    const read = await Promise.all(plugins.map((plugin) => this.put(kind, plugin, written, path)));
    return read.filter((one) => one !== undefined);
  }

  private takeApart(kind: EntryKind, raw: unknown, path: string): Written | undefined {
    if (typeof raw === 'string' || isPlugin(raw)) return { plugin: raw, namePath: path, rest: {}, how: {} };
    if (isPlainObject(raw)) {
      if (isPluginUse(raw)) {
        const { plugin, options, mode, budgetMs, transforms } = raw;
        return { plugin, namePath: path, rest: options, how: { mode, budgetMs, transforms } };
      }
      const { use } = raw;
      const namePath = keyPath(path, 'use');
      if (typeof use === 'string' || isPlugin(use))
        return { plugin: use, namePath, rest: without(raw, ['use']), how: {} };
      const close = nearest('use', Object.keys(raw));
      this.found.push(
        use === undefined
          ? {
              path: namePath,
              message: `missing: expected the name of ${withArticle(kind)}${close === undefined ? '' : `, and not ${close}`}`,
            }
          : { path: namePath, message: `expected the name of ${withArticle(kind)}`, value: use },
      );
      return undefined;
    }
    this.found.push({ path, message: `expected ${withArticle(kind)}: its name, or { use: name, … }`, value: raw });
    return undefined;
  }

  private async pluginsFor(kind: EntryKind, { plugin, namePath }: Written): Promise<readonly Plugin[]> {
    if (typeof plugin !== 'string') return [plugin];
    const found = await this.finder.find(kind, plugin);
    if ('problem' in found) {
      this.found.push({ path: namePath, message: found.problem, value: plugin, nearest: found.nearest });
      return [];
    }
    if (found.plugins.length > 1 && kind !== 'plugin') {
      const names = found.plugins.map(({ name }) => name).join(', ');
      this.found.push({
        path: namePath,
        message: `this gives several plugins (${names}): list it under plugins`,
        value: plugin,
      });
      return [];
    }
    return found.plugins;
  }

  private async put(kind: EntryKind, plugin: Plugin, written: Written, path: string): Promise<ReadEntry | undefined> {
    const contributions = this.contributionsOf(kind, plugin, written.namePath);
    if (contributions === undefined) return undefined;
    const kinds = new Set(contributions.map((one) => one.kind));
    const { how, options } = await this.takeGenericKeys(kinds, written, path);
    let filled: unknown = options;
    for (const [pattern, wanted] of Object.entries(plugin.nested ?? {})) {
      filled = await replaceNested(
        filled,
        pattern,
        path,
        async (value, at) => (await this.nested(wanted, value, at)) ?? value,
      );
    }
    if (plugin.options !== undefined) filled = await coerceReferences(filled, path, plugin.options, this.referenced);
    return { use: { ...how, plugin, options: filled, path }, contributions };
  }

  private contributionsOf(kind: EntryKind, plugin: Plugin, path: string): readonly Contributed[] | undefined {
    let contributions: readonly Contributed[];
    try {
      contributions = rehearse(plugin);
    } catch (error) {
      this.found.push({ path, message: `the plugin ${plugin.name} failed to register: ${reasonOf(error)}` });
      return undefined;
    }
    const fits =
      kind === 'plugin'
        ? contributions.some((one) => one.kind !== 'delivery')
        : contributions.some((one) => one.kind === kind);
    if (fits) return contributions;
    const first = contributions[0];
    const what = first === undefined ? 'nothing' : `${first.kind} ${first.name}`.trim();
    const belongs = first === undefined ? '' : `, which belongs under ${BELONGS[first.kind]}`;
    const expected = kind === 'plugin' ? '' : `; expected ${withArticle(kind)}`;
    this.found.push({ path, message: `the plugin ${plugin.name} contributes ${what}${belongs}${expected}` });
    return undefined;
  }

  // Keys that are not the plugin's but ours: they depend on what it contributes.
  private async takeGenericKeys(
    kinds: ReadonlySet<string>,
    { rest, how }: Written,
    path: string,
  ): Promise<{ how: Written['how']; options: unknown }> {
    if (!isPlainObject(rest)) return { how, options: rest };
    const taken: string[] = [];
    let said = how;
    if (kinds.has('policy')) {
      taken.push('mode', 'budget');
      said = {
        ...said,
        ...this.mode(rest['mode'], keyPath(path, 'mode')),
        ...this.budget(rest['budget'], keyPath(path, 'budget')),
      };
    }
    if (kinds.has('delivery') && rest['transforms'] !== undefined) {
      taken.push('transforms');
      said = { ...said, ...(await this.transforms(rest['transforms'], keyPath(path, 'transforms'))) };
    }
    return { how: said, options: without(rest, taken) };
  }

  private mode(value: unknown, path: string): Pick<PluginUse, 'mode'> {
    if (value === undefined) return {};
    const mode = MODES.find((one) => one === value);
    if (mode !== undefined) return { mode };
    this.found.push({
      path,
      message: `expected one of ${MODES.join(', ')}`,
      value,
      nearest: typeof value === 'string' ? nearest(value, MODES) : undefined,
    });
    return {};
  }

  private budget(value: unknown, path: string): Pick<PluginUse, 'budgetMs'> {
    if (value === undefined) return {};
    const result = budgetSchema.safeParse(value);
    if (result.success) return { budgetMs: result.data };
    this.found.push({ path, message: result.error.issues[0]?.message ?? 'expected a duration', value });
    return {};
  }

  private async transforms(value: unknown, path: string): Promise<Pick<PluginUse, 'transforms'>> {
    if (Array.isArray(value)) return { transforms: (await this.list('transform', value, path)).map(({ use }) => use) };
    this.found.push({ path, message: 'expected a list of transforms', value });
    return {};
  }
}
