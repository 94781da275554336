/** The manifest of the verb NOOP. */
import { definePlugin } from '@mailverb/contract';
import { NoopVerb } from './noop.verb.js';

/** Adds the verb NOOP to a listener. */
export const noopPlugin = definePlugin({
  name: 'verb-noop',
  register(contribute) {
    contribute.verb(NoopVerb);
  },
});

export default noopPlugin;
