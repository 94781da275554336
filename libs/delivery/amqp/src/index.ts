/** The delivery strategy amqp as a plugin. */
export { AmqpDelivery } from './amqp.delivery.js';
export { AmqpPublisher } from './amqp.publisher.js';
export { amqpOptions, type AmqpOptions } from './amqp.options.js';
export { amqpPlugin, amqpPlugin as default } from './plugin.js';
