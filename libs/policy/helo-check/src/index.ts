/** The policy helo-check as a plugin. */
export { HeloCheckPolicy } from './helo-check.policy.js';
export { heloCheckOptions, type HeloCheckOptions } from './helo-check.options.js';
export { heloCheckPlugin, heloCheckPlugin as default } from './plugin.js';
