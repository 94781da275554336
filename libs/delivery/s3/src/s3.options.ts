/** Options of the delivery strategy s3. */
import { z } from 'zod';

export const s3Options = z.strictObject({
  words: z
    .string()
    .regex(/^[ -~]{1,100}$/, { error: 'expected up to 100 printable ASCII characters' })
    .default('taken')
    .describe('What the reply after the mail data says.'),
});

/** What the class gets. */
export type S3Options = Readonly<z.output<typeof s3Options>>;
