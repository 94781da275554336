/** The manifest of the store redis. */
import { definePlugin } from '@mailverb/contract';
import { redisOptions } from './redis.options.js';
import { RedisStore } from './redis.store.js';

/** Keeps what plugins share in Redis, for all processes that use the same one. */
export const redisPlugin = definePlugin({
  name: 'store-redis',
  options: redisOptions,
  register(contribute) {
    contribute.store(RedisStore);
  },
});

export default redisPlugin;
