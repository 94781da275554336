/** The manifest of the delivery strategy mx. */
import { definePlugin } from '@mailverb/contract';
import { mxOptions } from './mx.options.js';
import { MxDelivery } from './mx.delivery.js';

/** Takes every message, and keeps nothing yet. */
export const mxPlugin = definePlugin({
  name: 'delivery-mx',
  options: mxOptions,
  register(contribute) {
    contribute.delivery('mx', MxDelivery);
  },
});

export default mxPlugin;
