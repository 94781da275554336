/** The service extension SMTPUTF8 as a plugin. */
export { SmtpUtf8Extension } from './smtputf8.extension.js';
export { smtpUtf8Plugin, smtpUtf8Plugin as default } from './plugin.js';
