/** The manifest of the policy recipients. */
import { definePlugin } from '@mailverb/contract';
import { recipientsOptions } from './recipients.options.js';
import { RecipientsPolicy } from './recipients.policy.js';

/** Says at RCPT which mailboxes are ours. */
export const recipientsPlugin = definePlugin({
  name: 'policy-recipients',
  options: recipientsOptions,
  register(contribute) {
    contribute.policy('recipients', RecipientsPolicy);
  },
});

export default recipientsPlugin;
