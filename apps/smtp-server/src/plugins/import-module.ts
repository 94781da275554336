/** Imports modules that are not part of this server; the first time, it prepares Node for what they may need. */
import * as nodeModule from 'node:module';
import * as hooks from './module-hooks.js';

/** Imports a module by its URL. Tests give another one. */
export type ImportModule = (url: string) => Promise<unknown>;

let prepared = false;

/** Imports with the hooks of module-hooks.ts. */
export const importModule: ImportModule = (url) => {
  prepare();
  return import(url);
};

// A server of built-in plugins never gets here: on older Nodes the hooks cost a thread.
function prepare(): void {
  if (prepared) return;
  prepared = true;
  const registerHooks: unknown = Reflect.get(nodeModule, 'registerHooks');
  if (typeof registerHooks === 'function') {
    // Node 22.15 and later.
    registerHooks({ resolve: hooks.resolve, load: hooks.load });
  } else {
    nodeModule.register('./module-hooks.js', { parentURL: import.meta.url, data: { serverUrl: import.meta.url } });
  }
}
