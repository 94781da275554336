/** The delivery strategy proxy as a plugin. */
export { proxyPlugin, proxyPlugin as default } from './plugin.js';
export { ProxyDelivery } from './smtp.delivery.js';
export { proxyOptions, type ProxyOptions } from './smtp.options.js';
