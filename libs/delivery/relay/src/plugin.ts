/** The manifest of the delivery strategy relay. */
import { definePlugin } from '@mailverb/contract';
import { RelayDelivery } from './relay.delivery.js';
import { relayOptions } from './relay.options.js';

/** Gives messages to another server while the client waits. */
export const relayPlugin = definePlugin({
  name: 'delivery-relay',
  options: relayOptions,
  register(contribute) {
    contribute.delivery('relay', RelayDelivery);
  },
});

export default relayPlugin;
