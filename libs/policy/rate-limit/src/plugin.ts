/** The manifest of the policy rate-limit. */
import { Store, definePlugin } from '@mailverb/contract';
import { rateLimitOptions } from './rate-limit.options.js';
import { RateLimitPolicy } from './rate-limit.policy.js';

/** Limits how much may pass in which time. */
export const rateLimitPlugin = definePlugin({
  name: 'policy-rate-limit',
  options: rateLimitOptions,
  needs: [Store],
  register(contribute) {
    contribute.policy('rate-limit', RateLimitPolicy);
  },
});

export default rateLimitPlugin;
