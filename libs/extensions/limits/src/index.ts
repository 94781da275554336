/** The service extension LIMITS as a plugin. */
export { LimitsExtension } from './limits.extension.js';
export { limitsOptions, type LimitsOptions } from './limits.options.js';
export { limitsPlugin, limitsPlugin as default } from './plugin.js';
