/** The manifest of the verb HELP. */
import { definePlugin } from '@mailverb/contract';
import { HelpVerb } from './help.verb.js';

/** Adds the verb HELP to a listener. */
export const helpPlugin = definePlugin({
  name: 'verb-help',
  register(contribute) {
    contribute.verb(HelpVerb);
  },
});

export default helpPlugin;
