/** The manifest of the SASL mechanism PLAIN. */
import { definePlugin } from '@mailverb/contract';
import { PlainMechanism } from './plain.mechanism.js';

/** Lets clients say their name and password in one message. */
export const plainPlugin = definePlugin({
  name: 'sasl-plain',
  register(contribute) {
    contribute.mechanism(PlainMechanism);
  },
});

export default plainPlugin;
