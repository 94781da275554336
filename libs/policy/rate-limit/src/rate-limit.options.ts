/** Options of the policy rate-limit. */
import { addressList } from '@mailverb/options';
import { z } from 'zod';

export const rateLimitOptions = z.strictObject({
  deny: addressList().prefault([]).describe('Senders to refuse: ann@example.org, example.org, *.example.org, <>.'),
});

/** What the class gets. */
export type RateLimitOptions = Readonly<z.output<typeof rateLimitOptions>>;
