/** The store lmdb as a plugin. */
export { LmdbStore } from './lmdb.store.js';
export { lmdbOptions, type LmdbOptions } from './lmdb.options.js';
export { lmdbPlugin, lmdbPlugin as default } from './plugin.js';
