/** The manifest of the delivery strategy pipe. */
import { definePlugin } from '@mailverb/contract';
import { PipeDelivery } from './pipe.delivery.js';
import { pipeOptions } from './pipe.options.js';

/** Gives messages to a program. */
export const pipePlugin = definePlugin({
  name: 'delivery-pipe',
  options: pipeOptions,
  register(contribute) {
    contribute.delivery('pipe', PipeDelivery);
  },
});

export default pipePlugin;
