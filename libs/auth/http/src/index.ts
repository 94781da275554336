/** The authenticator http as a plugin. */
export { HttpAuthenticator } from './http.authenticator.js';
export { httpOptions, type HttpOptions } from './http.options.js';
export { httpAuthPlugin, httpAuthPlugin as default } from './plugin.js';
