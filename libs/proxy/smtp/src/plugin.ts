/** The manifest of the delivery strategy proxy. */
import { definePlugin } from '@mailverb/contract';
import { ProxyDelivery } from './smtp.delivery.js';
import { proxyOptions } from './smtp.options.js';

/** Proxies live to another mail server. */
export const proxyPlugin = definePlugin({
  name: 'proxy-smtp',
  options: proxyOptions,
  register(contribute) {
    contribute.delivery('proxy', ProxyDelivery);
  },
});

export default proxyPlugin;
