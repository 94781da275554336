/** The service extension XCLIENT as a plugin. */
export { XClientExtension } from './xclient.extension.js';
export { xClientPlugin, xClientPlugin as default } from './plugin.js';
