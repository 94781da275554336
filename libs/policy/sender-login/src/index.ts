/** The policy sender-login as a plugin. */
export { SenderLoginPolicy } from './sender-login.policy.js';
export { senderLoginOptions, type SenderLoginOptions } from './sender-login.options.js';
export { senderLoginPlugin, senderLoginPlugin as default } from './plugin.js';
