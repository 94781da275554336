/** The manifest of the policy delay. */
import { definePlugin } from '@mailverb/contract';
import { delayOptions } from './delay.options.js';
import { DelayPolicy } from './delay.policy.js';

/** Says at MAIL which senders are not welcome. */
export const delayPlugin = definePlugin({
  name: 'policy-delay',
  options: delayOptions,
  register(contribute) {
    contribute.policy('delay', DelayPolicy);
  },
});

export default delayPlugin;
