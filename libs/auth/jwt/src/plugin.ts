/** The manifest of the authenticator jwt. */
import { definePlugin } from '@mailverb/contract';
import { JwtAuthenticator } from './jwt.authenticator.js';
import { jwtOptions } from './jwt.options.js';

/** Identities from signed bearer tokens. */
export const jwtAuthPlugin = definePlugin({
  name: 'auth-jwt',
  options: jwtOptions,
  register(contribute) {
    contribute.authenticator(JwtAuthenticator);
  },
});

export default jwtAuthPlugin;
