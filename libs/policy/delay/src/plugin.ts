/** The manifest of the policy delay. */
import { definePlugin } from '@mailverb/contract';
import { delayOptions } from './delay.options.js';
import { DelayPolicy } from './delay.policy.js';

/** Makes clients wait for answers. */
export const delayPlugin = definePlugin({
  name: 'policy-delay',
  options: delayOptions,
  register(contribute) {
    contribute.policy('delay', DelayPolicy);
  },
});

export default delayPlugin;
