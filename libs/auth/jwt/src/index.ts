/** The authenticator jwt as a plugin. */
export { JwtAuthenticator } from './jwt.authenticator.js';
export { jwtOptions, type JwtOptions } from './jwt.options.js';
export { jwtAuthPlugin, jwtAuthPlugin as default } from './plugin.js';
