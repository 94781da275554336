/** The manifest of the service extension BINARYMIME. */
import { definePlugin } from '@mailverb/contract';
import { BinaryMimeExtension } from './binarymime.extension.js';

/** Adds the EHLO keyword BINARYMIME to a listener. */
export const binaryMimePlugin = definePlugin({
  name: 'extension-binarymime',
  register(contribute) {
    contribute.extension(BinaryMimeExtension);
  },
});

export default binaryMimePlugin;
