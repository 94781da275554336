/** The verb HELO as a plugin. */
export { HeloVerb } from './helo.verb.js';
export { heloOptions, type HeloOptions } from './helo.options.js';
export { heloPlugin, heloPlugin as default } from './plugin.js';
