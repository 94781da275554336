/** The manifest of the policy greylist. */
import { Store, definePlugin } from '@mailverb/contract';
import { greylistOptions } from './greylist.options.js';
import { GreylistPolicy } from './greylist.policy.js';

/** Says at RCPT who has to come again. */
export const greylistPlugin = definePlugin({
  name: 'policy-greylist',
  options: greylistOptions,
  needs: [Store],
  register(contribute) {
    contribute.policy('greylist', GreylistPolicy);
  },
});

export default greylistPlugin;
