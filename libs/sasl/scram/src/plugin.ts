/** The manifest of the SASL mechanisms SCRAM. */
import { definePlugin } from '@mailverb/contract';
import {
  ScramSha1Mechanism,
  ScramSha1PlusMechanism,
  ScramSha256Mechanism,
  ScramSha256PlusMechanism,
} from './scram.mechanism.js';
import { scramOptions } from './scram.options.js';

/** Lets clients prove that they know a password without saying it. */
export const scramPlugin = definePlugin({
  name: 'sasl-scram',
  options: scramOptions,
  register(contribute) {
    // The order in which they are offered: clients that do not choose take the first that they know.
    contribute.mechanism(ScramSha256PlusMechanism);
    contribute.mechanism(ScramSha1PlusMechanism);
    contribute.mechanism(ScramSha256Mechanism);
    contribute.mechanism(ScramSha1Mechanism);
  },
});

export default scramPlugin;
