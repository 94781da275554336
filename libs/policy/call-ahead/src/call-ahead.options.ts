/** Options of the policy call-ahead. */
import { domainList, duration } from '@mailverb/options';
import { nextHopShape } from '@mailverb/next-hop';
import { z } from 'zod';

export const callAheadOptions = z.strictObject({
  host: z.string().min(1).describe('The server that knows recipients: host name or address.'),
  port: z.int().min(1).max(65535).default(25).describe('Its port.'),
  protocol: z.enum(['smtp', 'lmtp']).default('smtp').describe('What it speaks.'),
  domains: domainList().describe('Whose recipients it is asked about; all others are left to the other policies.'),
  sender: z
    .enum(['null', 'original'])
    .default('null')
    .describe(
      'Who asks: `<>`, so that an answer is good for all senders and can be kept, or the sender of the message.',
    ),
  accept: z
    .boolean()
    .default(true)
    .describe(
      'Vouch for recipients that it takes; false leaves that to another policy, and only refuses those that it refuses.',
    ),
  positive: duration().default(86_400_000).describe('How long a yes is kept.'),
  negative: duration().default(600_000).describe('How long a no is kept. What was deferred is asked again.'),
  ...nextHopShape,
});

/** What the class gets. */
export type CallAheadOptions = Readonly<z.output<typeof callAheadOptions>>;
