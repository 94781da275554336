/** The manifest of the verb HELO. */
import { definePlugin } from '@mailverb/contract';
import { heloOptions } from './helo.options.js';
import { HeloVerb } from './helo.verb.js';

/** Adds the verb HELO to a listener. */
export const heloPlugin = definePlugin({
  name: 'verb-helo',
  options: heloOptions,
  register(contribute) {
    contribute.verb(HeloVerb);
  },
});

export default heloPlugin;
