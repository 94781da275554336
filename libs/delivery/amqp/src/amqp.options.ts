/** Options of the delivery strategy amqp. */
import { z } from 'zod';

export const amqpOptions = z.strictObject({
  words: z
    .string()
    .regex(/^[ -~]{1,100}$/, { error: 'expected up to 100 printable ASCII characters' })
    .default('taken')
    .describe('What the reply after the mail data says.'),
});

/** What the class gets. */
export type AmqpOptions = Readonly<z.output<typeof amqpOptions>>;
