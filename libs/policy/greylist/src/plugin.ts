/** The manifest of the policy greylist. */
import { definePlugin } from '@mailverb/contract';
import { greylistOptions } from './greylist.options.js';
import { GreylistPolicy } from './greylist.policy.js';

/** Says at MAIL which senders are not welcome. */
export const greylistPlugin = definePlugin({
  name: 'policy-greylist',
  options: greylistOptions,
  register(contribute) {
    contribute.policy('greylist', GreylistPolicy);
  },
});

export default greylistPlugin;
