/** Node's own `import()`, for specs: jest's transform turns the one in the sources into `require`, which can't load other people's modules. */
import { constants, runInThisContext } from 'node:vm';
import type { ImportModule } from '../plugins/import-module.js';

const native: unknown = runInThisContext('(url) => import(url)', {
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});

/** Imports in the realm of Node itself, outside jest's. */
export const nativeImport: ImportModule = (url) => {
  if (typeof native !== 'function') throw new TypeError('not a function');
  return native(url) as Promise<unknown>;
};
