/** The manifest of the policy call-ahead. */
import { Store, definePlugin } from '@mailverb/contract';
import { callAheadOptions } from './call-ahead.options.js';
import { CallAheadPolicy } from './call-ahead.policy.js';

/** Asks another server who its recipients are. */
export const callAheadPlugin = definePlugin({
  name: 'policy-call-ahead',
  options: callAheadOptions,
  needs: [Store],
  register(contribute) {
    contribute.policy('call-ahead', CallAheadPolicy);
  },
});

export default callAheadPlugin;
