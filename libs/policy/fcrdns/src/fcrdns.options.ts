/** Options of the policy fcrdns. */
import { addressList } from '@mailverb/options';
import { z } from 'zod';

export const fcrdnsOptions = z.strictObject({
  deny: addressList().prefault([]).describe('Senders to refuse: ann@example.org, example.org, *.example.org, <>.'),
});

/** What the class gets. */
export type FcrdnsOptions = Readonly<z.output<typeof fcrdnsOptions>>;
