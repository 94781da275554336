/** The verb EHLO as a plugin. */
export { EhloVerb } from './ehlo.verb.js';
export { ehloOptions, type EhloOptions } from './ehlo.options.js';
export { ehloPlugin, ehloPlugin as default } from './plugin.js';
