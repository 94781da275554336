/** The verb RCPT as a plugin. */
export { RcptVerb } from './rcpt.verb.js';
export { rcptPlugin, rcptPlugin as default } from './plugin.js';
