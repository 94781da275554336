/** The manifest of the delivery strategy mbox. */
import { definePlugin } from '@mailverb/contract';
import { MboxDelivery } from './mbox.delivery.js';
import { mboxOptions } from './mbox.options.js';

/** Appends messages to an mbox file. */
export const mboxPlugin = definePlugin({
  name: 'delivery-mbox',
  options: mboxOptions,
  register(contribute) {
    contribute.delivery('mbox', MboxDelivery);
  },
});

export default mboxPlugin;
