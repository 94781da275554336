/** Options of the delivery strategy maildir. */
import { duration, octets } from '@mailverb/options';
import { z } from 'zod';

/** Where and how messages are stored. */
export const maildirOptions = z.strictObject({
  path: z
    .string()
    .min(1)
    .describe('The Maildir (layout shared), or the folder above all of them (layout per-recipient).'),
  layout: z
    .enum(['shared', 'per-recipient'])
    .default('shared')
    .describe('One Maildir for everybody, or <path>/<domain>/<local part> for each recipient.'),
  create: z
    .boolean()
    .default(true)
    .describe('Make Maildirs that are missing. If not, recipients without one are refused with 550.'),
  fsync: z
    .boolean()
    .default(true)
    .describe('Force each message to the disk before 250. Without it a 250 survives a crash of the process only.'),
  lineEndings: z
    .enum(['crlf', 'lf'])
    .default('crlf')
    .describe('crlf: bytes exactly as received. lf: CRLF becomes LF (BINARYMIME messages are left as they are).'),
  localPartCase: z
    .enum(['fold', 'keep'])
    .default('fold')
    .describe('Layout per-recipient: whether Bob@ and bob@ are one mailbox (fold) or two (keep).'),
  subaddressSeparator: z
    .string()
    .length(1)
    .optional()
    .describe(
      'Layout per-recipient: what stands behind this sign in a local part does not choose the mailbox (RFC 5233).',
    ),
  memory: octets()
    .default(256 * 1024)
    .describe('Octets of one message that are gathered in memory before they go to its file.'),
  totalMemory: octets()
    .default(64 * 1024 * 1024)
    .describe('The same for all messages together: beyond it a message goes to its file at once.'),
  staleAfter: duration()
    .default(36 * 3_600_000)
    .describe('Files in tmp/ older than this are removed at start.'),
});

export type MaildirOptionsInput = z.input<typeof maildirOptions>;
export type MaildirOptions = z.output<typeof maildirOptions>;
