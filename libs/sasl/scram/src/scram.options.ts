/** Options of the SASL mechanisms SCRAM. */
import { z } from 'zod';

export const scramOptions = z.strictObject({
  iterations: z
    .int()
    .min(4096)
    .max(10_000_000)
    .default(10_000)
    .describe(
      'What a name that nobody knows seems to have: as many as the entries of those that are known, or names can be told apart.',
    ),
  secret: z
    .string()
    .min(16)
    .optional()
    .describe(
      'What the salt of a name that nobody knows is made of. The same in all processes, and for ever, or names can be told apart; random in each process by default.',
    ),
  hashes: z
    .array(z.enum(['SHA-256', 'SHA-1']))
    .min(1)
    .default(['SHA-256', 'SHA-1'])
    .describe('Which are offered.'),
  channelBindings: z
    .array(z.enum(['tls-exporter', 'tls-server-end-point']))
    .default(['tls-exporter', 'tls-server-end-point'])
    .describe(
      'Which may bind to the TLS connection (the -PLUS forms); none where something before this server ends TLS.',
    ),
});

/** What the classes get. */
export type ScramOptions = Readonly<z.output<typeof scramOptions>>;
