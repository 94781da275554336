/** The store redis as a plugin. */
export { RedisStore } from './redis.store.js';
export { redisOptions, type RedisOptions } from './redis.options.js';
export { redisPlugin, redisPlugin as default } from './plugin.js';
