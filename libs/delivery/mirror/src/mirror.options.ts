/** Options of the delivery strategy mirror. */
import { duration, nestedDelivery, octets } from '@mailverb/options';
import { z } from 'zod';

/** Who delivers, and who only watches. */
export const mirrorOptions = z.strictObject({
  to: nestedDelivery().describe('The delivery that counts: its replies are the replies.'),
  shadow: nestedDelivery().describe(
    'The delivery that gets a copy of what `to` has delivered, and whose outcome never matters.',
  ),
  buffer: octets()
    .default(1024 * 1024)
    .describe('How far the shadow may lag behind `to` within a message; beyond, it does without this message.'),
  timeout: duration()
    .default(60_000)
    .describe(
      'How long the shadow may take for a message once `to` has delivered it, and for its begin and recipients.',
    ),
  maxMessages: z
    .int()
    .min(1)
    .default(100)
    .describe('How many messages the shadow may be busy with; beyond, it does without those that come.'),
});

export type MirrorOptionsInput = z.input<typeof mirrorOptions>;
/** What the class gets. */
export type MirrorOptions = Readonly<z.output<typeof mirrorOptions>>;
