/** The manifest of the authenticator smtp. */
import { definePlugin } from '@mailverb/contract';
import { smtpOptions } from './smtp.options.js';
import { SmtpAuthenticator } from './smtp.authenticator.js';

/** Knows bearer tokens by their hashes. */
export const smtpPlugin = definePlugin({
  name: 'auth-smtp',
  options: smtpOptions,
  register(contribute) {
    contribute.authenticator(SmtpAuthenticator);
  },
});

export default smtpPlugin;
