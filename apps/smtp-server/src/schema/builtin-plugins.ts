/** All built-in plugins, loaded: only for the JSON Schema and the documentation. */
import type { Plugin } from '@mailverb/contract';
import { BUILTIN_KINDS, builtinNames, findBuiltin, type BuiltinKind } from '../plugins/builtins.js';
import { pluginsOf } from '../plugins/module.js';

/** A built-in plugin under its short name. */
export interface LoadedBuiltin {
  readonly kind: BuiltinKind;
  readonly name: string;
  readonly plugin: Plugin;
}

/** In the order of the table. */
export async function loadBuiltins(): Promise<readonly LoadedBuiltin[]> {
  const all = BUILTIN_KINDS.flatMap((kind) => builtinNames(kind).map((name) => ({ kind, name })));
  return Promise.all(
    all.map(async ({ kind, name }) => {
      const found = pluginsOf(await findBuiltin(kind, name)?.load());
      const plugin = 'plugins' in found ? found.plugins[0] : undefined;
      if (plugin === undefined) throw new Error(`the built-in ${kind} ${name} is no plugin`);
      return { kind, name, plugin };
    }),
  );
}
