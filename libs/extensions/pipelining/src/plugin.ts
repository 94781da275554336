/** The manifest of the service extension PIPELINING. */
import { definePlugin } from '@mailverb/contract';
import { PipeliningExtension } from './pipelining.extension.js';

/** Adds the EHLO keyword PIPELINING to a listener. */
export const pipeliningPlugin = definePlugin({
  name: 'extension-pipelining',
  register(contribute) {
    contribute.extension(PipeliningExtension);
  },
});

export default pipeliningPlugin;
