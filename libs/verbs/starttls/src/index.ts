/** The verb STARTTLS as a plugin. */
export { StartTlsVerb } from './starttls.verb.js';
export { startTlsOptions, type StartTlsOptions } from './starttls.options.js';
export { startTlsPlugin, startTlsPlugin as default } from './plugin.js';
