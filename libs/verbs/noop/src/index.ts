/** The verb NOOP as a plugin. */
export { NoopVerb } from './noop.verb.js';
export { noopPlugin, noopPlugin as default } from './plugin.js';
