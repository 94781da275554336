/** The manifest of the policy unless. */
import { definePlugin } from '@mailverb/contract';
import { unlessOptions } from './unless.options.js';
import { UnlessPolicy } from './unless.policy.js';

/** Policies that some clients, senders and recipients are exempt from. */
export const unlessPlugin = definePlugin({
  name: 'policy-unless',
  options: unlessOptions,
  nested: { 'then[]': 'policy' },
  register(contribute) {
    contribute.policy('unless', UnlessPolicy);
  },
});

export default unlessPlugin;
