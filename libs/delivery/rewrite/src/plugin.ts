/** The manifest of the delivery strategy rewrite. */
import { definePlugin } from '@mailverb/contract';
import { rewriteOptions } from './rewrite.options.js';
import { RewriteDelivery } from './rewrite.delivery.js';

/** Takes every message, and keeps nothing yet. */
export const rewritePlugin = definePlugin({
  name: 'delivery-rewrite',
  options: rewriteOptions,
  register(contribute) {
    contribute.delivery('rewrite', RewriteDelivery);
  },
});

export default rewritePlugin;
