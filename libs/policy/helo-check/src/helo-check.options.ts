/** Options of the policy helo-check. */
import { domainList } from '@mailverb/options';
import { z } from 'zod';

export const heloCheckOptions = z.strictObject({
  rejectOwnNames: z
    .boolean()
    .default(true)
    .describe('Refuse clients of other machines that call themselves by our name.'),
  ownNames: domainList().prefault([]).describe('More names of ours, beside the host name of the listener.'),
  rejectForeignLiterals: z
    .boolean()
    .default(true)
    .describe("Refuse an address literal that is not the client's address, as clients behind NAT send it."),
  rejectBareIp: z.boolean().default(true).describe('Refuse an address without brackets.'),
  requireFqdn: z
    .boolean()
    .default(false)
    .describe('Refuse a name that is neither a domain of two labels or more, nor an address literal.'),
  deny: domainList().prefault([]).describe('Names to refuse: example.org, *.example.org for all below it.'),
});

/** What the class gets. */
export type HeloCheckOptions = Readonly<z.output<typeof heloCheckOptions>>;
