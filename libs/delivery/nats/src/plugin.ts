/** The manifest of the delivery strategy nats. */
import { definePlugin } from '@mailverb/contract';
import { natsOptions } from './nats.options.js';
import { NatsDelivery } from './nats.delivery.js';

/** Publishes to a stream of NATS JetStream. */
export const natsPlugin = definePlugin({
  name: 'delivery-nats',
  options: natsOptions,
  register(contribute) {
    contribute.delivery('nats', NatsDelivery);
  },
});

export default natsPlugin;
