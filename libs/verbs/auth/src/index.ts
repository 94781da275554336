/** The verb AUTH as a plugin. */
export { AuthVerb } from './auth.verb.js';
export { authOptions, type AuthOptions } from './auth.options.js';
export { authPlugin, authPlugin as default } from './plugin.js';
