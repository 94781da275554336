/** The manifest of the verb RCPT. */
import { definePlugin } from '@mailverb/contract';
import { RcptVerb } from './rcpt.verb.js';

/** Adds the verb RCPT to a listener. */
export const rcptPlugin = definePlugin({
  name: 'verb-rcpt',
  register(contribute) {
    contribute.verb(RcptVerb);
  },
});

export default rcptPlugin;
