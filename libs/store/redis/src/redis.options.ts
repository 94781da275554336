/** Options of the store redis. */
import { z } from 'zod';

export const redisOptions = z.strictObject({
  maxEntries: z
    .int()
    .positive()
    .default(100_000)
    .describe('Values at once; the one that was written longest ago goes first.'),
});

/** What the class gets. */
export type RedisOptions = Readonly<z.output<typeof redisOptions>>;
