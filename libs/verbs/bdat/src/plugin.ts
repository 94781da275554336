/** The manifest of the verb BDAT. */
import { definePlugin } from '@mailverb/contract';
import { BdatVerb } from './bdat.verb.js';

/** Adds the verb BDAT to a listener. */
export const bdatPlugin = definePlugin({
  name: 'verb-bdat',
  register(contribute) {
    contribute.verb(BdatVerb);
  },
});

export default bdatPlugin;
