/** The delivery strategy mbox as a plugin. */
export { MboxDelivery } from './mbox.delivery.js';
export { mboxOptions, type MboxOptions, type MboxOptionsInput } from './mbox.options.js';
export { mboxPlugin, mboxPlugin as default } from './plugin.js';
