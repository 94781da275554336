/** The delivery strategy proxy as a plugin. */
export { proxyPlugin, proxyPlugin as default } from './plugin.js';
export { ProxyDelivery } from './proxy.delivery.js';
export { proxyOptions, type ProxyOptions } from './proxy.options.js';
