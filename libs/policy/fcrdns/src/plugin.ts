/** The manifest of the policy fcrdns. */
import { definePlugin } from '@mailverb/contract';
import { fcrdnsOptions } from './fcrdns.options.js';
import { FcrdnsPolicy } from './fcrdns.policy.js';

/** Wants a client to have a name that leads back to its address. */
export const fcrdnsPlugin = definePlugin({
  name: 'policy-fcrdns',
  options: fcrdnsOptions,
  register(contribute) {
    contribute.policy('fcrdns', FcrdnsPolicy);
  },
});

export default fcrdnsPlugin;
