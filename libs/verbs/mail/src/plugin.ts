/** The manifest of the verb MAIL. */
import { definePlugin } from '@mailverb/contract';
import { MailVerb } from './mail.verb.js';

/** Adds the verb MAIL to a listener. */
export const mailPlugin = definePlugin({
  name: 'verb-mail',
  register(contribute) {
    contribute.verb(MailVerb);
  },
});

export default mailPlugin;
