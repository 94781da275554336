/** The manifest of the delivery strategy discard. */
import { definePlugin } from '@mailverb/contract';
import { DiscardDelivery } from './discard.delivery.js';
import { discardOptions } from './discard.options.js';

/** Says 250 and keeps nothing. */
export const discardPlugin = definePlugin({
  name: 'delivery-discard',
  options: discardOptions,
  register(contribute) {
    contribute.delivery('discard', DiscardDelivery);
  },
});

export default discardPlugin;
