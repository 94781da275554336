/** The manifest of the delivery strategy webhook. */
import { definePlugin } from '@mailverb/contract';
import { webhookOptions } from './webhook.options.js';
import { WebhookDelivery } from './webhook.delivery.js';

/** Posts messages to a URL. */
export const webhookPlugin = definePlugin({
  name: 'delivery-webhook',
  options: webhookOptions,
  register(contribute) {
    contribute.delivery('webhook', WebhookDelivery);
  },
});

export default webhookPlugin;
