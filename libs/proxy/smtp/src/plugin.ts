/** The manifest of the delivery strategy proxy. */
import { definePlugin } from '@mailverb/contract';
import { proxyOptions } from './proxy.options.js';
import { ProxyDelivery } from './proxy.delivery.js';

/** Takes every message, and keeps nothing yet. */
export const proxyPlugin = definePlugin({
  name: 'proxy-smtp',
  options: proxyOptions,
  register(contribute) {
    contribute.delivery('proxy', ProxyDelivery);
  },
});

export default proxyPlugin;
