/** The service extension STARTTLS as a plugin. */
export { StartTlsExtension } from './starttls.extension.js';
export { startTlsPlugin, startTlsPlugin as default } from './plugin.js';
