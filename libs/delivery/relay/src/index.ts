/** The delivery strategy relay as a plugin. */
export { relayPlugin, relayPlugin as default } from './plugin.js';
export { RelayDelivery } from './relay.delivery.js';
export { relayOptions, type RelayOptions } from './relay.options.js';
