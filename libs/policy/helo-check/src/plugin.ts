/** The manifest of the policy helo-check. */
import { definePlugin } from '@mailverb/contract';
import { heloCheckOptions } from './helo-check.options.js';
import { HeloCheckPolicy } from './helo-check.policy.js';

/** Refuses at HELO, EHLO and LHLO names that cannot be the client's. */
export const heloCheckPlugin = definePlugin({
  name: 'policy-helo-check',
  options: heloCheckOptions,
  register(contribute) {
    contribute.policy('helo-check', HeloCheckPolicy);
  },
});

export default heloCheckPlugin;
