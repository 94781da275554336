/** The manifest of the delivery strategy router. */
import { definePlugin } from '@mailverb/contract';
import { RouterDelivery } from './router.delivery.js';
import { routerOptions } from './router.options.js';

/** Sends recipients different ways. */
export const routerPlugin = definePlugin({
  name: 'delivery-router',
  options: routerOptions,
  nested: { 'routes[].to': 'delivery' },
  register(contribute) {
    contribute.delivery('router', RouterDelivery);
  },
});

export default routerPlugin;
