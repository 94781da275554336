/** The verb RSET as a plugin. */
export { RsetVerb } from './rset.verb.js';
export { rsetPlugin, rsetPlugin as default } from './plugin.js';
