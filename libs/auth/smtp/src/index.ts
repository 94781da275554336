/** The authenticator smtp as a plugin. */
export { SmtpAuthenticator } from './smtp.authenticator.js';
export { smtpOptions, type SmtpOptions } from './smtp.options.js';
export { smtpPlugin, smtpPlugin as default } from './plugin.js';
