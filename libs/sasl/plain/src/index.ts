/** The SASL mechanism PLAIN as a plugin. */
export { PlainMechanism } from './plain.mechanism.js';
export { plainPlugin, plainPlugin as default } from './plugin.js';
