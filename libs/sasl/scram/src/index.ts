/** The SASL mechanisms SCRAM-SHA-256, SCRAM-SHA-1 and their -PLUS forms as a plugin. */
export {
  ScramSha1Mechanism,
  ScramSha1PlusMechanism,
  ScramSha256Mechanism,
  ScramSha256PlusMechanism,
} from './scram.mechanism.js';
export { scramOptions, type ScramOptions } from './scram.options.js';
export { scramPlugin, scramPlugin as default } from './plugin.js';
