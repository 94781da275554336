/** The manifest of the service extension DSN. */
import { definePlugin } from '@mailverb/contract';
import { DsnExtension } from './dsn.extension.js';

/** Adds the EHLO keyword DSN to a listener. */
export const dsnPlugin = definePlugin({
  name: 'extension-dsn',
  register(contribute) {
    contribute.extension(DsnExtension);
  },
});

export default dsnPlugin;
