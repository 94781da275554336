/** The policy unless as a plugin. */
export { UnlessPolicy } from './unless.policy.js';
export { unlessOptions, type UnlessOptions } from './unless.options.js';
export { unlessPlugin, unlessPlugin as default } from './plugin.js';
