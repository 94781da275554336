/** The verb QUIT as a plugin. */
export { QuitVerb } from './quit.verb.js';
export { quitPlugin, quitPlugin as default } from './plugin.js';
