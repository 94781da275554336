/** Options of the delivery strategy mbox. */
import { duration } from '@mailverb/options';
import { z } from 'zod';

/** Which file, and how it is locked. */
export const mboxOptions = z.strictObject({
  path: z.string().min(1).describe('The mbox file. It and the folder that it is in are made if they are missing.'),
  fsync: z
    .boolean()
    .default(true)
    .describe('Force each message to the disk before 250. Without it a 250 survives a crash of the process only.'),
  lockTimeout: duration()
    .default(30_000)
    .describe('How long to wait for the lock file <path>.lock that somebody else holds, before 450.'),
  lockStaleAfter: duration()
    .default(300_000)
    .describe(
      'A lock file older than this is taken away. One whose process on this host has ended is taken away at once.',
    ),
});

export type MboxOptionsInput = z.input<typeof mboxOptions>;
export type MboxOptions = z.output<typeof mboxOptions>;
