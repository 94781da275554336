/** The manifest of the delivery strategy lmtp. */
import { definePlugin } from '@mailverb/contract';
import { LmtpDelivery } from './lmtp.delivery.js';
import { lmtpOptions } from './lmtp.options.js';

/** Gives messages to a mail store by LMTP. */
export const lmtpPlugin = definePlugin({
  name: 'delivery-lmtp',
  options: lmtpOptions,
  register(contribute) {
    contribute.delivery('lmtp', LmtpDelivery);
  },
});

export default lmtpPlugin;
