/** The manifest of the authenticator smtp. */
import { definePlugin } from '@mailverb/contract';
import { SmtpAuthenticator } from './smtp.authenticator.js';
import { smtpOptions } from './smtp.options.js';

/** Knows identities by asking another mail server. */
export const smtpPlugin = definePlugin({
  name: 'auth-smtp',
  options: smtpOptions,
  register(contribute) {
    contribute.authenticator(SmtpAuthenticator);
  },
});

export default smtpPlugin;
