/** The verb VRFY as a plugin. */
export { VrfyVerb } from './vrfy.verb.js';
export { vrfyPlugin, vrfyPlugin as default } from './plugin.js';
