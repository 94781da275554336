/** The service extension ENHANCEDSTATUSCODES as a plugin. */
export { EnhancedStatusCodesExtension } from './enhancedstatuscodes.extension.js';
export { enhancedStatusCodesPlugin, enhancedStatusCodesPlugin as default } from './plugin.js';
