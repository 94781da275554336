/** The policy require as a plugin. */
export { RequirePolicy } from './require.policy.js';
export { requireOptions, type RequireOptions } from './require.options.js';
export { requirePlugin, requirePlugin as default } from './plugin.js';
