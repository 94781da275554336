/** The manifest of the delivery strategy pipe. */
import { definePlugin } from '@mailverb/contract';
import { pipeOptions } from './pipe.options.js';
import { PipeDelivery } from './pipe.delivery.js';

/** Takes every message, and keeps nothing yet. */
export const pipePlugin = definePlugin({
  name: 'delivery-pipe',
  options: pipeOptions,
  register(contribute) {
    contribute.delivery('pipe', PipeDelivery);
  },
});

export default pipePlugin;
