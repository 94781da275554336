/** The manifest of the service extension SMTPUTF8. */
import { definePlugin } from '@mailverb/contract';
import { SmtpUtf8Extension } from './smtputf8.extension.js';

/** Adds the EHLO keyword SMTPUTF8 to a listener. */
export const smtpUtf8Plugin = definePlugin({
  name: 'extension-smtputf8',
  register(contribute) {
    contribute.extension(SmtpUtf8Extension);
  },
});

export default smtpUtf8Plugin;
