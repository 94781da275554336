/** Options of the delivery strategy mx. */
import { z } from 'zod';

export const mxOptions = z.strictObject({
  words: z
    .string()
    .regex(/^[ -~]{1,100}$/, { error: 'expected up to 100 printable ASCII characters' })
    .default('taken')
    .describe('What the reply after the mail data says.'),
});

/** What the class gets. */
export type MxOptions = Readonly<z.output<typeof mxOptions>>;
