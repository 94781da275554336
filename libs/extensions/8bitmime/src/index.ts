/** The service extension 8BITMIME as a plugin. */
export { EightBitMimeExtension } from './8bitmime.extension.js';
export { eightBitMimePlugin, eightBitMimePlugin as default } from './plugin.js';
