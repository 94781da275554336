/** The manifest of the delivery strategy amqp. */
import { definePlugin } from '@mailverb/contract';
import { amqpOptions } from './amqp.options.js';
import { AmqpDelivery } from './amqp.delivery.js';

/** Publishes to an exchange of RabbitMQ. */
export const amqpPlugin = definePlugin({
  name: 'delivery-amqp',
  options: amqpOptions,
  register(contribute) {
    contribute.delivery('amqp', AmqpDelivery);
  },
});

export default amqpPlugin;
