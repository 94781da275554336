/** The service extension XFORWARD as a plugin. */
export { XForwardExtension } from './xforward.extension.js';
export { xForwardPlugin, xForwardPlugin as default } from './plugin.js';
