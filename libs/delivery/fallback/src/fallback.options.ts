/** Options of the delivery strategy fallback. */
import { nestedDelivery } from '@mailverb/options';
import { z } from 'zod';

/** What to try, in order. */
export const fallbackOptions = z.strictObject({
  strategies: z
    .array(nestedDelivery())
    .min(2)
    .describe(
      'Deliveries in the order in which they are tried: the next gets what the one before defers or fails with.',
    ),
});

export type FallbackOptionsInput = z.input<typeof fallbackOptions>;
export type FallbackOptions = z.output<typeof fallbackOptions>;
