/** The manifest of the delivery strategy tee. */
import { definePlugin } from '@mailverb/contract';
import { TeeDelivery } from './tee.delivery.js';
import { teeOptions } from './tee.options.js';

/** Delivers, and gives copies to others. */
export const teePlugin = definePlugin({
  name: 'delivery-tee',
  options: teeOptions,
  nested: { to: 'delivery', 'copies[]': 'delivery' },
  register(contribute) {
    contribute.delivery('tee', TeeDelivery);
  },
});

export default teePlugin;
