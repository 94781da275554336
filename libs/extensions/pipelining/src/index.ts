/** The service extension PIPELINING as a plugin. */
export { PipeliningExtension } from './pipelining.extension.js';
export { pipeliningPlugin, pipeliningPlugin as default } from './plugin.js';
