/** The delivery strategy fallback as a plugin. */
export { FallbackDelivery } from './fallback.delivery.js';
export { fallbackOptions, type FallbackOptions, type FallbackOptionsInput } from './fallback.options.js';
export { fallbackPlugin, fallbackPlugin as default } from './plugin.js';
