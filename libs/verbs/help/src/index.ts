/** The verb HELP as a plugin. */
export { HelpVerb } from './help.verb.js';
export { helpPlugin, helpPlugin as default } from './plugin.js';
