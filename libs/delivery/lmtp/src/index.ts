/** The delivery strategy lmtp as a plugin. */
export { lmtpPlugin, lmtpPlugin as default } from './plugin.js';
export { LmtpDelivery } from './lmtp.delivery.js';
export { lmtpOptions, type LmtpOptions } from './lmtp.options.js';
