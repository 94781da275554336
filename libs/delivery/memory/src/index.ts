/** The delivery strategy memory as a plugin. */
export { MemoryDelivery, type StoredMessage } from './memory.delivery.js';
export { memoryOptions, type MemoryOptions, type MemoryOptionsInput } from './memory.options.js';
export { memoryPlugin, memoryPlugin as default } from './plugin.js';
