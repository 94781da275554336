/** Options of the policy call-ahead. */
import { addressList } from '@mailverb/options';
import { z } from 'zod';

export const callAheadOptions = z.strictObject({
  deny: addressList().prefault([]).describe('Senders to refuse: ann@example.org, example.org, *.example.org, <>.'),
});

/** What the class gets. */
export type CallAheadOptions = Readonly<z.output<typeof callAheadOptions>>;
