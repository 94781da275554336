/** The manifest of the delivery strategy lmtp. */
import { definePlugin } from '@mailverb/contract';
import { lmtpOptions } from './lmtp.options.js';
import { LmtpDelivery } from './lmtp.delivery.js';

/** Takes every message, and keeps nothing yet. */
export const lmtpPlugin = definePlugin({
  name: 'delivery-lmtp',
  options: lmtpOptions,
  register(contribute) {
    contribute.delivery('lmtp', LmtpDelivery);
  },
});

export default lmtpPlugin;
