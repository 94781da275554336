/** The manifest of the delivery strategy forward. */
import { definePlugin } from '@mailverb/contract';
import { ForwardDelivery } from './forward.delivery.js';
import { forwardOptions } from './forward.options.js';

/** Forwards addresses to others, by a table. */
export const forwardPlugin = definePlugin({
  name: 'delivery-forward',
  options: forwardOptions,
  nested: { to: 'delivery' },
  register(contribute) {
    contribute.delivery('forward', ForwardDelivery);
  },
});

export default forwardPlugin;
