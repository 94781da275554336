/** The policy call-ahead as a plugin. */
export { CallAheadPolicy } from './call-ahead.policy.js';
export { callAheadOptions, type CallAheadOptions } from './call-ahead.options.js';
export { callAheadPlugin, callAheadPlugin as default } from './plugin.js';
