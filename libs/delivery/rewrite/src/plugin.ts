/** The manifest of the delivery strategy rewrite. */
import { definePlugin } from '@mailverb/contract';
import { RewriteDelivery } from './rewrite.delivery.js';
import { rewriteOptions } from './rewrite.options.js';

/** Gives another delivery an envelope with other addresses. */
export const rewritePlugin = definePlugin({
  name: 'delivery-rewrite',
  options: rewriteOptions,
  nested: { to: 'delivery' },
  register(contribute) {
    contribute.delivery('rewrite', RewriteDelivery);
  },
});

export default rewritePlugin;
