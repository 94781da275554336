/** Options of the policy delay. */
import { addressList } from '@mailverb/options';
import { z } from 'zod';

export const delayOptions = z.strictObject({
  deny: addressList().prefault([]).describe('Senders to refuse: ann@example.org, example.org, *.example.org, <>.'),
});

/** What the class gets. */
export type DelayOptions = Readonly<z.output<typeof delayOptions>>;
