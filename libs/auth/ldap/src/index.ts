/** The authenticator ldap as a plugin. */
export { LdapAuthenticator } from './ldap.authenticator.js';
export { ldapOptions, type LdapOptions } from './ldap.options.js';
export { ldapAuthPlugin, ldapAuthPlugin as default } from './plugin.js';
