/** The manifest of the delivery strategy relay. */
import { definePlugin } from '@mailverb/contract';
import { relayOptions } from './relay.options.js';
import { RelayDelivery } from './relay.delivery.js';

/** Takes every message, and keeps nothing yet. */
export const relayPlugin = definePlugin({
  name: 'delivery-relay',
  options: relayOptions,
  register(contribute) {
    contribute.delivery('relay', RelayDelivery);
  },
});

export default relayPlugin;
