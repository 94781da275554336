/** The manifest of the SASL mechanisms OAUTHBEARER and XOAUTH2. */
import { definePlugin } from '@mailverb/contract';
import { OauthBearerMechanism, Xoauth2Mechanism } from './oauth.mechanism.js';
import { oauthOptions } from './oauth.options.js';

/** Lets clients show a bearer token that somebody else has given to them. */
export const oauthPlugin = definePlugin({
  name: 'sasl-oauth',
  options: oauthOptions,
  register(contribute) {
    // The standard before what was there before it.
    contribute.mechanism(OauthBearerMechanism);
    contribute.mechanism(Xoauth2Mechanism);
  },
});

export default oauthPlugin;
