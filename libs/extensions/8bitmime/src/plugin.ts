/** The manifest of the service extension 8BITMIME. */
import { definePlugin } from '@mailverb/contract';
import { EightBitMimeExtension } from './8bitmime.extension.js';

/** Adds the EHLO keyword 8BITMIME to a listener. */
export const eightBitMimePlugin = definePlugin({
  name: 'extension-8bitmime',
  register(contribute) {
    contribute.extension(EightBitMimeExtension);
  },
});

export default eightBitMimePlugin;
