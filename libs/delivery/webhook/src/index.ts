/** The delivery strategy webhook as a plugin. */
export { WebhookDelivery } from './webhook.delivery.js';
export { webhookOptions, type WebhookOptions } from './webhook.options.js';
export { webhookPlugin, webhookPlugin as default } from './plugin.js';
