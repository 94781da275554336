/** The manifest of the policy call-ahead. */
import { definePlugin } from '@mailverb/contract';
import { callAheadOptions } from './call-ahead.options.js';
import { CallAheadPolicy } from './call-ahead.policy.js';

/** Says at MAIL which senders are not welcome. */
export const callAheadPlugin = definePlugin({
  name: 'policy-call-ahead',
  options: callAheadOptions,
  register(contribute) {
    contribute.policy('call-ahead', CallAheadPolicy);
  },
});

export default callAheadPlugin;
