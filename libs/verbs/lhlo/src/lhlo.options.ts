/** Options of the verb LHLO. */
import { z } from 'zod';

export const lhloOptions = z.strictObject({
  strict: z
    .boolean()
    .default(false)
    .describe(
      'Refuse a name that is neither a domain (underscores allowed) nor an address literal. By default any harmless name is taken.',
    ),
});

/** What the class gets. */
export type LhloOptions = Readonly<z.output<typeof lhloOptions>>;
