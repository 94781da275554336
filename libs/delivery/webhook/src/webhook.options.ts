/** Options of the delivery strategy webhook. */
import { z } from 'zod';

export const webhookOptions = z.strictObject({
  words: z
    .string()
    .regex(/^[ -~]{1,100}$/, { error: 'expected up to 100 printable ASCII characters' })
    .default('taken')
    .describe('What the reply after the mail data says.'),
});

/** What the class gets. */
export type WebhookOptions = Readonly<z.output<typeof webhookOptions>>;
