/** The manifest of the store memory. */
import { definePlugin } from '@mailverb/contract';
import { memoryOptions } from './memory.options.js';
import { MemoryStore } from './memory.store.js';

/** Keeps what plugins share in the memory of this process. */
export const memoryStorePlugin = definePlugin({
  name: 'store-memory',
  options: memoryOptions,
  register(contribute) {
    contribute.store(MemoryStore);
  },
});

export default memoryStorePlugin;
