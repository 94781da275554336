/** The service extension SIZE as a plugin. */
export { SizeExtension } from './size.extension.js';
export { sizePlugin, sizePlugin as default } from './plugin.js';
