/** Options of the verb HELO. */
import { z } from 'zod';

export const heloOptions = z.strictObject({
  strict: z
    .boolean()
    .default(false)
    .describe(
      'Refuse a name that is neither a domain (underscores allowed) nor an address literal. By default any harmless name is taken.',
    ),
});

/** What the class gets. */
export type HeloOptions = Readonly<z.output<typeof heloOptions>>;
