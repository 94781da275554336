/** The manifest of the SASL mechanism LOGIN. */
import { definePlugin } from '@mailverb/contract';
import { LoginMechanism } from './login.mechanism.js';

/** Asks clients for their name and then for their password. */
export const loginPlugin = definePlugin({
  name: 'sasl-login',
  register(contribute) {
    contribute.mechanism(LoginMechanism);
  },
});

export default loginPlugin;
