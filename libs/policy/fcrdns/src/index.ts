/** The policy fcrdns as a plugin. */
export { FcrdnsPolicy } from './fcrdns.policy.js';
export { fcrdnsOptions, type FcrdnsOptions } from './fcrdns.options.js';
export { fcrdnsPlugin, fcrdnsPlugin as default } from './plugin.js';
