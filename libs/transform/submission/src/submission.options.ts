/** Options of the transform submission. */
import { z } from 'zod';

export const submissionOptions = z.strictObject({
  for: z
    .enum(['authenticated', 'everybody'])
    .default('authenticated')
    .describe(
      'Whose messages are changed. Those of other servers must not be (RFC 6409 8): `everybody` is for listeners that have only clients.',
    ),
  date: z.boolean().default(true).describe('Add Date where it is missing (RFC 6409 8.2).'),
  messageId: z.boolean().default(true).describe('Add Message-ID where it is missing (RFC 6409 8.3).'),
  removeBcc: z
    .boolean()
    .default(true)
    .describe('Remove Bcc and Resent-Bcc, so that nobody sees who else got the message.'),
});

/** What the class gets. */
export type SubmissionOptions = Readonly<z.output<typeof submissionOptions>>;
