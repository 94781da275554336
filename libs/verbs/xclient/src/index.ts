/** The verb XCLIENT as a plugin. */
export { XClientVerb } from './xclient.verb.js';
export { xClientPlugin, xClientPlugin as default } from './plugin.js';
