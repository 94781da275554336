/** The manifest of the store lmdb. */
import { definePlugin } from '@mailverb/contract';
import { lmdbOptions } from './lmdb.options.js';
import { LmdbStore } from './lmdb.store.js';

/** Keeps what plugins share in a file, for all processes of a machine that use the same folder. */
export const lmdbPlugin = definePlugin({
  name: 'store-lmdb',
  options: lmdbOptions,
  register(contribute) {
    contribute.store(LmdbStore);
  },
});

export default lmdbPlugin;
