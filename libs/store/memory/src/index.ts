/** The store memory as a plugin. */
export { MemoryStore } from './memory.store.js';
export { memoryOptions, type MemoryOptions } from './memory.options.js';
export { memoryStorePlugin, memoryStorePlugin as default } from './plugin.js';
