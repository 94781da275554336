/** The manifest of the verb VRFY. */
import { definePlugin } from '@mailverb/contract';
import { VrfyVerb } from './vrfy.verb.js';

/** Adds the verb VRFY to a listener. */
export const vrfyPlugin = definePlugin({
  name: 'verb-vrfy',
  register(contribute) {
    contribute.verb(VrfyVerb);
  },
});

export default vrfyPlugin;
