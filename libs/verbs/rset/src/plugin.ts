/** The manifest of the verb RSET. */
import { definePlugin } from '@mailverb/contract';
import { RsetVerb } from './rset.verb.js';

/** Adds the verb RSET to a listener. */
export const rsetPlugin = definePlugin({
  name: 'verb-rset',
  register(contribute) {
    contribute.verb(RsetVerb);
  },
});

export default rsetPlugin;
