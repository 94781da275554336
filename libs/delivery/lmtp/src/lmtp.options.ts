/** Options of the delivery strategy lmtp. */
import { z } from 'zod';

export const lmtpOptions = z.strictObject({
  words: z
    .string()
    .regex(/^[ -~]{1,100}$/, { error: 'expected up to 100 printable ASCII characters' })
    .default('taken')
    .describe('What the reply after the mail data says.'),
});

/** What the class gets. */
export type LmtpOptions = Readonly<z.output<typeof lmtpOptions>>;
