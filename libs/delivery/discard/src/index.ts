/** The delivery strategy discard as a plugin. */
export { DiscardDelivery } from './discard.delivery.js';
export { discardOptions, type DiscardOptions } from './discard.options.js';
export { discardPlugin, discardPlugin as default } from './plugin.js';
