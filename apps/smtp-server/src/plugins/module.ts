/** Finds the plugin in what a module exports. */
import type { Plugin, PluginUse } from '@mailverb/contract';

/** True for a manifest, whoever made it. */
export function isPlugin(value: unknown): value is Plugin {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'register' in value &&
    typeof value.register === 'function'
  );
}

/** True for what `use(plugin, options)` gives. */
export function isPluginUse(value: unknown): value is PluginUse {
  return (
    typeof value === 'object' && value !== null && 'options' in value && 'plugin' in value && isPlugin(value.plugin)
  );
}

/** The plugins that a module gives: one, or more if its default export is a list. Or why there is none, to follow the module's name. */
export type ModulePlugins = { readonly plugins: readonly Plugin[] } | { readonly problem: string };

/** The default export if it is a manifest or a list of them, else the single manifest among the named exports. */
export function pluginsOf(module: unknown): ModulePlugins {
  const exports = typeof module === 'object' && module !== null ? module : {};
  let main: unknown = 'default' in exports ? exports.default : undefined;
  // A CommonJS module that was compiled from an ES module has its exports one level further down.
  if (!isPlugin(main) && typeof main === 'object' && main !== null && '__esModule' in main) return pluginsOf(main);
  if (isPlugin(main)) return { plugins: [main] };
  if (Array.isArray(main)) {
    const list: readonly unknown[] = main;
    if (list.length > 0 && list.every(isPlugin)) return { plugins: list };
    return { problem: 'its default export is a list, but not of plugins made with definePlugin' };
  }
  // module.exports = { onePlugin }
  if (main === undefined || main === null) main = exports;
  const named = new Map<Plugin, string>();
  for (const [name, value] of [...Object.entries(exports), ...Object.entries(main as object)]) {
    if (isPlugin(value) && !named.has(value)) named.set(value, name);
  }
  if (named.size === 1) return { plugins: [...named.keys()] };
  if (named.size > 1) {
    return { problem: `exports several plugins (${[...named.values()].join(', ')}): make one the default export` };
  }
  return { problem: 'exports no plugin: expected a default export made with definePlugin' };
}
