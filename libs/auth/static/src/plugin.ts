/** The manifest of the authenticator static. */
import { definePlugin } from '@mailverb/contract';
import { StaticAuthenticator } from './static.authenticator.js';
import { staticOptions } from './static.options.js';

/** Identities from a file of names and hashes. */
export const staticAuthPlugin = definePlugin({
  name: 'auth-static',
  options: staticOptions,
  register(contribute) {
    contribute.authenticator(StaticAuthenticator);
  },
});

export default staticAuthPlugin;
