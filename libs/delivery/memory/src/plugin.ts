/** The manifest of the delivery strategy memory. */
import { definePlugin } from '@mailverb/contract';
import { MemoryDelivery } from './memory.delivery.js';
import { memoryOptions } from './memory.options.js';

/** Keeps messages in memory. */
export const memoryPlugin = definePlugin({
  name: 'delivery-memory',
  options: memoryOptions,
  register(contribute) {
    contribute.delivery('memory', MemoryDelivery);
  },
});

export default memoryPlugin;
