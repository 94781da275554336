/** The delivery strategy forward as a plugin. */
export { ForwardDelivery } from './forward.delivery.js';
export { forwardOptions, type ForwardOptions, type ForwardOptionsInput } from './forward.options.js';
export { forwardPlugin, forwardPlugin as default } from './plugin.js';
