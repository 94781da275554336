/** The policy greylist as a plugin. */
export { GreylistPolicy } from './greylist.policy.js';
export { greylistOptions, type GreylistOptions } from './greylist.options.js';
export { greylistPlugin, greylistPlugin as default } from './plugin.js';
