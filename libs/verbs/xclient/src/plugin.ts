/** The manifest of the verb XCLIENT. */
import { definePlugin } from '@mailverb/contract';
import { XClientVerb } from './xclient.verb.js';

/** Lets trusted peers speak for clients. */
export const xClientPlugin = definePlugin({
  name: 'verb-xclient',
  register(contribute) {
    contribute.verb(XClientVerb);
  },
});

export default xClientPlugin;
