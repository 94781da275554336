/** The delivery strategy mirror as a plugin. */
export { MirrorDelivery } from './mirror.delivery.js';
export { mirrorOptions, type MirrorOptions, type MirrorOptionsInput } from './mirror.options.js';
export { mirrorPlugin, mirrorPlugin as default } from './plugin.js';
