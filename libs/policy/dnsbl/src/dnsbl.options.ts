/** Options of the policy dnsbl. */
import { addressList } from '@mailverb/options';
import { z } from 'zod';

export const dnsblOptions = z.strictObject({
  deny: addressList().prefault([]).describe('Senders to refuse: ann@example.org, example.org, *.example.org, <>.'),
});

/** What the class gets. */
export type DnsblOptions = Readonly<z.output<typeof dnsblOptions>>;
