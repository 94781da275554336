/** The policy relay-control as a plugin. */
export { RelayControlPolicy } from './relay-control.policy.js';
export { relayControlOptions, type RelayControlOptions } from './relay-control.options.js';
export { relayControlPlugin, relayControlPlugin as default } from './plugin.js';
