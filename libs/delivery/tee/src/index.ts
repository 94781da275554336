/** The delivery strategy tee as a plugin. */
export { teePlugin, teePlugin as default } from './plugin.js';
export { TeeDelivery } from './tee.delivery.js';
export { teeOptions, type TeeOptions, type TeeOptionsInput } from './tee.options.js';
