/** The service extension BINARYMIME as a plugin. */
export { BinaryMimeExtension } from './binarymime.extension.js';
export { binaryMimePlugin, binaryMimePlugin as default } from './plugin.js';
