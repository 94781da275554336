/** The delivery strategy lmtp as a plugin. */
export { LmtpDelivery } from './lmtp.delivery.js';
export { lmtpOptions, type LmtpOptions } from './lmtp.options.js';
export { lmtpPlugin, lmtpPlugin as default } from './plugin.js';
