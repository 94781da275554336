/** The verb XFORWARD as a plugin. */
export { XForwardVerb } from './xforward.verb.js';
export { xForwardPlugin, xForwardPlugin as default } from './plugin.js';
