/** The policy recipients as a plugin. */
export { RecipientsPolicy } from './recipients.policy.js';
export { recipientsOptions, type RecipientsOptions } from './recipients.options.js';
export { recipientsPlugin, recipientsPlugin as default } from './plugin.js';
