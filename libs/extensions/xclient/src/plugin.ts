/** The manifest of the extension XCLIENT. */
import { definePlugin } from '@mailverb/contract';
import { XClientExtension } from './xclient.extension.js';

/** Offers XCLIENT to trusted peers. */
export const xClientPlugin = definePlugin({
  name: 'extension-xclient',
  register(contribute) {
    contribute.extension(XClientExtension);
  },
});

export default xClientPlugin;
