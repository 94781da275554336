/** The manifest of the verb STARTTLS. */
import { definePlugin } from '@mailverb/contract';
import { startTlsOptions } from './starttls.options.js';
import { StartTlsVerb } from './starttls.verb.js';

/** Adds the verb STARTTLS to a listener. */
export const startTlsPlugin = definePlugin({
  name: 'verb-starttls',
  options: startTlsOptions,
  register(contribute) {
    contribute.verb(StartTlsVerb);
  },
});

export default startTlsPlugin;
