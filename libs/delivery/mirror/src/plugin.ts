/** The manifest of the delivery strategy mirror. */
import { definePlugin } from '@mailverb/contract';
import { mirrorOptions } from './mirror.options.js';
import { MirrorDelivery } from './mirror.delivery.js';

/** Takes every message, and keeps nothing yet. */
export const mirrorPlugin = definePlugin({
  name: 'delivery-mirror',
  options: mirrorOptions,
  register(contribute) {
    contribute.delivery('mirror', MirrorDelivery);
  },
});

export default mirrorPlugin;
