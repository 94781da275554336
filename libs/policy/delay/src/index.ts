/** The policy delay as a plugin. */
export { DelayPolicy } from './delay.policy.js';
export { delayOptions, type DelayOptions } from './delay.options.js';
export { delayPlugin, delayPlugin as default } from './plugin.js';
