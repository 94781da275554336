/** The manifest of the authenticator ldap. */
import { definePlugin } from '@mailverb/contract';
import { LdapAuthenticator } from './ldap.authenticator.js';
import { ldapOptions } from './ldap.options.js';

/** Identities from a directory. */
export const ldapAuthPlugin = definePlugin({
  name: 'auth-ldap',
  options: ldapOptions,
  register(contribute) {
    contribute.authenticator(LdapAuthenticator);
  },
});

export default ldapAuthPlugin;
