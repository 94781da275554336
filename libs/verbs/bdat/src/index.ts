/** The verb BDAT as a plugin. */
export { BdatVerb } from './bdat.verb.js';
export { bdatPlugin, bdatPlugin as default } from './plugin.js';
