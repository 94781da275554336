/** The delivery strategy mx as a plugin. */
export { MxDelivery } from './mx.delivery.js';
export { mxOptions, type MxOptions } from './mx.options.js';
export { mxPlugin, mxPlugin as default } from './plugin.js';
