/** The manifest of the verb EXPN. */
import { definePlugin } from '@mailverb/contract';
import { ExpnVerb } from './expn.verb.js';

/** Adds the verb EXPN to a listener. */
export const expnPlugin = definePlugin({
  name: 'verb-expn',
  register(contribute) {
    contribute.verb(ExpnVerb);
  },
});

export default expnPlugin;
