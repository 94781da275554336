import { FakeClock, contributionsOf, describeStore } from '@mailverb/testing';
import { redisOptions } from './redis.options.js';
import { RedisStore } from './redis.store.js';
import { redisPlugin } from './plugin.js';

describeStore('redis', (clock) => new RedisStore(redisOptions.parse({}), clock));

it('is bounded: the value that was written longest ago goes', () => {
  const store = new RedisStore(redisOptions.parse({ maxEntries: 2 }), new FakeClock());
  for (const key of ['a', 'b', 'a', 'c']) store.set(key, Uint8Array.of(1), 1000);
  expect(['a', 'b', 'c'].filter((key) => store.get(key) !== undefined)).toEqual(['a', 'c']);
});

it('refuses options that it does not know', () => {
  expect(redisOptions.safeParse({ maxEntry: 1 }).success).toBe(false);
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(contributionsOf(redisPlugin)).toEqual([{ kind: 'store', name: undefined, value: RedisStore }]);
});
