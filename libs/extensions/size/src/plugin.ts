/** The manifest of the service extension SIZE. */
import { definePlugin } from '@mailverb/contract';
import { SizeExtension } from './size.extension.js';

/** Adds the EHLO keyword SIZE to a listener. */
export const sizePlugin = definePlugin({
  name: 'extension-size',
  register(contribute) {
    contribute.extension(SizeExtension);
  },
});

export default sizePlugin;
