/** The verb DATA as a plugin. */
export { DataVerb } from './data.verb.js';
export { dataPlugin, dataPlugin as default } from './plugin.js';
