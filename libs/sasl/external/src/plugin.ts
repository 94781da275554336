/** The manifest of the SASL mechanism EXTERNAL. */
import { definePlugin } from '@mailverb/contract';
import { ExternalMechanism } from './external.mechanism.js';

/** Lets clients be whom their certificate says. */
export const externalPlugin = definePlugin({
  name: 'sasl-external',
  register(contribute) {
    contribute.mechanism(ExternalMechanism);
  },
});

export default externalPlugin;
