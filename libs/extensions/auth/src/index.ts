/** The service extension AUTH as a plugin. */
export { AuthExtension } from './auth.extension.js';
export { authExtensionPlugin, authExtensionPlugin as default } from './plugin.js';
