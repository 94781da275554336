/** The manifest of the extension XFORWARD. */
import { definePlugin } from '@mailverb/contract';
import { XForwardExtension } from './xforward.extension.js';

/** Offers XFORWARD to trusted peers. */
export const xForwardPlugin = definePlugin({
  name: 'extension-xforward',
  register(contribute) {
    contribute.extension(XForwardExtension);
  },
});

export default xForwardPlugin;
