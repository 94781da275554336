/** The manifest of the extension STARTTLS. */
import { definePlugin } from '@mailverb/contract';
import { StartTlsExtension } from './starttls.extension.js';

/** Offers STARTTLS, where there is TLS to start. */
export const startTlsPlugin = definePlugin({
  name: 'extension-starttls',
  register(contribute) {
    contribute.extension(StartTlsExtension);
  },
});

export default startTlsPlugin;
