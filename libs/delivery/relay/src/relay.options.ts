/** Options of the delivery strategy relay. */
import { z } from 'zod';

export const relayOptions = z.strictObject({
  words: z
    .string()
    .regex(/^[ -~]{1,100}$/, { error: 'expected up to 100 printable ASCII characters' })
    .default('taken')
    .describe('What the reply after the mail data says.'),
});

/** What the class gets. */
export type RelayOptions = Readonly<z.output<typeof relayOptions>>;
