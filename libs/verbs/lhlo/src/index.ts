/** The verb LHLO as a plugin. */
export { LhloVerb } from './lhlo.verb.js';
export { lhloOptions, type LhloOptions } from './lhlo.options.js';
export { lhloPlugin, lhloPlugin as default } from './plugin.js';
