/** The delivery strategy nats as a plugin. */
export { NatsDelivery } from './nats.delivery.js';
export { NatsPublisher } from './nats.publisher.js';
export { natsOptions, type NatsOptions } from './nats.options.js';
export { natsPlugin, natsPlugin as default } from './plugin.js';
