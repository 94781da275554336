/** The manifest of the delivery strategy mirror. */
import { definePlugin } from '@mailverb/contract';
import { MirrorDelivery } from './mirror.delivery.js';
import { mirrorOptions } from './mirror.options.js';

/** Delivers, and gives a copy to a shadow whose outcome never matters. */
export const mirrorPlugin = definePlugin({
  name: 'delivery-mirror',
  options: mirrorOptions,
  nested: { to: 'delivery', shadow: 'delivery' },
  register(contribute) {
    contribute.delivery('mirror', MirrorDelivery);
  },
});

export default mirrorPlugin;
