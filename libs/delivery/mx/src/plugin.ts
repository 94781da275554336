/** The manifest of the delivery strategy mx. */
import { definePlugin } from '@mailverb/contract';
import { MxDelivery } from './mx.delivery.js';
import { mxOptions } from './mx.options.js';

/** Gives messages to the servers of their recipients. */
export const mxPlugin = definePlugin({
  name: 'delivery-mx',
  options: mxOptions,
  register(contribute) {
    contribute.delivery('mx', MxDelivery);
  },
});

export default mxPlugin;
