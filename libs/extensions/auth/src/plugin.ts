/** The manifest of the service extension AUTH. */
import { definePlugin } from '@mailverb/contract';
import { AuthExtension } from './auth.extension.js';

/** Adds the EHLO keyword AUTH to a listener, and the parameter of MAIL. */
export const authExtensionPlugin = definePlugin({
  name: 'extension-auth',
  register(contribute) {
    contribute.extension(AuthExtension);
  },
});

export default authExtensionPlugin;
