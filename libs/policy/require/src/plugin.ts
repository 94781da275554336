/** The manifest of the policy require. */
import { definePlugin } from '@mailverb/contract';
import { requireOptions } from './require.options.js';
import { RequirePolicy } from './require.policy.js';

/** Says at MAIL what a client must have done before. */
export const requirePlugin = definePlugin({
  name: 'policy-require',
  options: requireOptions,
  register(contribute) {
    contribute.policy('require', RequirePolicy);
  },
});

export default requirePlugin;
