/** The verb EXPN as a plugin. */
export { ExpnVerb } from './expn.verb.js';
export { expnPlugin, expnPlugin as default } from './plugin.js';
