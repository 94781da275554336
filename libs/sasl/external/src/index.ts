/** The SASL mechanism EXTERNAL as a plugin. */
export { ExternalMechanism } from './external.mechanism.js';
export { externalPlugin, externalPlugin as default } from './plugin.js';
