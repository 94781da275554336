/** The manifest of the delivery strategy fallback. */
import { definePlugin } from '@mailverb/contract';
import { FallbackDelivery } from './fallback.delivery.js';
import { fallbackOptions } from './fallback.options.js';

/** Tries deliveries in order. */
export const fallbackPlugin = definePlugin({
  name: 'delivery-fallback',
  options: fallbackOptions,
  nested: { 'strategies[]': 'delivery' },
  register(contribute) {
    contribute.delivery('fallback', FallbackDelivery);
  },
});

export default fallbackPlugin;
