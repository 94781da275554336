/** The manifest of the delivery strategy forward. */
import { definePlugin } from '@mailverb/contract';
import { forwardOptions } from './forward.options.js';
import { ForwardDelivery } from './forward.delivery.js';

/** Takes every message, and keeps nothing yet. */
export const forwardPlugin = definePlugin({
  name: 'delivery-forward',
  options: forwardOptions,
  register(contribute) {
    contribute.delivery('forward', ForwardDelivery);
  },
});

export default forwardPlugin;
