/** The delivery strategy proxy as a plugin. */
export { ProxyDelivery } from './proxy.delivery.js';
export { proxyOptions, type ProxyOptions } from './proxy.options.js';
export { proxyPlugin, proxyPlugin as default } from './plugin.js';
