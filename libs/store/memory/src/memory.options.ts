/** Options of the store memory. */
import { z } from 'zod';

export const memoryOptions = z.strictObject({
  maxEntries: z
    .int()
    .positive()
    .default(1_000_000)
    .describe('Values at once. Where one more is written, the one that was written longest ago goes.'),
});

/** What the class gets. */
export type MemoryOptions = Readonly<z.output<typeof memoryOptions>>;
