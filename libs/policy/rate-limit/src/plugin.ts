/** The manifest of the policy rate-limit. */
import { definePlugin } from '@mailverb/contract';
import { rateLimitOptions } from './rate-limit.options.js';
import { RateLimitPolicy } from './rate-limit.policy.js';

/** Says at MAIL which senders are not welcome. */
export const rateLimitPlugin = definePlugin({
  name: 'policy-rate-limit',
  options: rateLimitOptions,
  register(contribute) {
    contribute.policy('rate-limit', RateLimitPolicy);
  },
});

export default rateLimitPlugin;
