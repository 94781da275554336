/** The manifest of the verb DATA. */
import { definePlugin } from '@mailverb/contract';
import { DataVerb } from './data.verb.js';

/** Adds the verb DATA to a listener. */
export const dataPlugin = definePlugin({
  name: 'verb-data',
  register(contribute) {
    contribute.verb(DataVerb);
  },
});

export default dataPlugin;
