/** Options of the policy greylist. */
import { addressList } from '@mailverb/options';
import { z } from 'zod';

export const greylistOptions = z.strictObject({
  deny: addressList().prefault([]).describe('Senders to refuse: ann@example.org, example.org, *.example.org, <>.'),
});

/** What the class gets. */
export type GreylistOptions = Readonly<z.output<typeof greylistOptions>>;
