/** The SASL mechanisms OAUTHBEARER and XOAUTH2 as a plugin. */
export { OauthBearerMechanism, Xoauth2Mechanism } from './oauth.mechanism.js';
export { oauthOptions, type OauthOptions } from './oauth.options.js';
export { oauthPlugin, oauthPlugin as default } from './plugin.js';
