/** Options of the store lmdb. */
import { z } from 'zod';

export const lmdbOptions = z.strictObject({
  path: z
    .string()
    .min(1)
    .describe('The folder of the database, on a local disk; made if it is missing, for nobody else to read.'),
  maxEntries: z
    .int()
    .positive()
    .default(1_000_000)
    .describe(
      'Values at once. Where one more is written another goes: an expired one if there is one at hand, else any.',
    ),
});

/** What the class gets. */
export type LmdbOptions = Readonly<z.output<typeof lmdbOptions>>;
