/** The manifest of the authenticator http. */
import { definePlugin } from '@mailverb/contract';
import { HttpAuthenticator } from './http.authenticator.js';
import { httpOptions } from './http.options.js';

/** Identities from a service that is asked over HTTP. */
export const httpAuthPlugin = definePlugin({
  name: 'auth-http',
  options: httpOptions,
  register(contribute) {
    contribute.authenticator(HttpAuthenticator);
  },
});

export default httpAuthPlugin;
