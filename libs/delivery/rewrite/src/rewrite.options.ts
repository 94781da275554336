/** Options of the delivery strategy rewrite. */
import { ADDRESSES, lookupOptions } from '@mailverb/lookup';
import { domainList, duration, nestedDelivery, normalizeDomain } from '@mailverb/options';
import { z } from 'zod';
import { renaming, rule } from './rules.js';
import { SrsSecrets } from './srs.js';

/** Nobody who reads the rules should have to think about which comes first: the table is more special, and is. */
const renamings = z.strictObject({
  lookup: lookupOptions(ADDRESSES, renaming)
    .optional()
    .describe('A table of addresses and domains that gives an address, or a domain in which the local part stays.'),
  rules: z
    .array(rule)
    .default([])
    .describe(
      'For whom the table has nothing: the first that applies, such as { from: old.example, to: new.example }.',
    ),
});

const srs = z.strictObject({
  domain: z
    .string()
    .transform((text, context) => {
      const domain = normalizeDomain(text);
      if (domain !== undefined && !domain.startsWith('[')) return domain;
      context.addIssue({ code: 'custom', message: 'expected a domain such as srs.example.org', input: text });
      return z.NEVER;
    })
    .describe('Of the addresses that are made. Its mail must come to a delivery that reverses them.'),
  secrets: z
    .array(z.string().min(16, { error: 'expected a secret of at least 16 characters' }))
    .min(1)
    .transform((secrets) => new SrsSecrets(secrets))
    .describe(
      'Secrets: the first makes addresses, all are good. Put a new one in front, and remove the old after maxAge.',
    ),
  sign: z.boolean().default(true).describe('Give messages a reverse-path of `domain`.'),
  reverse: z.boolean().default(true).describe('Give recipients of `domain` back the address that they stand for.'),
  own: domainList().prefault([]).describe('Domains whose senders stay as they are, because we may send for them.'),
  maxAge: duration()
    .default(21 * 86_400_000)
    .refine((ms) => ms > 0 && ms <= 1000 * 86_400_000, { error: 'expected at most 1000d' })
    .describe('How long bounces may come to an address that was made, in whole days.'),
  hash: z.enum(['sha1', 'sha256']).default('sha1').describe('sha1 is what all other implementations use.'),
  hashLength: z
    .int()
    .min(4)
    .max(20)
    .default(6)
    .describe('Characters of the hash, of 64 possible, or of 38 without their case.'),
  separator: z.enum(['=', '+', '-']).default('=').describe('What stands behind SRS0 and SRS1.'),
  tooLong: z
    .enum(['keep', 'refuse'])
    .default('keep')
    .describe(
      'A local part has at most 64 octets: where the new one would have more, keep the sender, or refuse the message.',
    ),
  bouncesOnly: z
    .boolean()
    .default(true)
    .describe('Only what comes from nobody (<>) may go to an address that was made.'),
});

/** Who becomes whom. */
export const rewriteOptions = z.strictObject({
  sender: renamings.optional().describe('The reverse-path, unless it is null.'),
  recipient: renamings.optional().describe('The recipients.'),
  srs: srs.optional().describe('Reverse-paths of a domain of ours, so that forwarded mail passes SPF.'),
  to: nestedDelivery().describe('The delivery that gets the new envelope.'),
});

export type Renamings = Readonly<z.output<typeof renamings>>;
export type SrsOptions = Readonly<z.output<typeof srs>>;
export type RewriteOptionsInput = z.input<typeof rewriteOptions>;
/** What the class gets. */
export type RewriteOptions = Readonly<z.output<typeof rewriteOptions>>;
