/** The manifest of the verb XFORWARD. */
import { definePlugin } from '@mailverb/contract';
import { XForwardVerb } from './xforward.verb.js';

/** Lets trusted peers say where messages come from. */
export const xForwardPlugin = definePlugin({
  name: 'verb-xforward',
  register(contribute) {
    contribute.verb(XForwardVerb);
  },
});

export default xForwardPlugin;
