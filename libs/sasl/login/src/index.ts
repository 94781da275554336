/** The SASL mechanism LOGIN as a plugin. */
export { LoginMechanism } from './login.mechanism.js';
export { loginPlugin, loginPlugin as default } from './plugin.js';
