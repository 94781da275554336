/** Options of the policy unless. `then` is how it reads in a configuration; a list can't be taken for a promise's method. */
/* oxlint-disable unicorn/no-thenable */
import { addressList, cidrList, domainList, identities, nestedPolicy } from '@mailverb/options';
import { z } from 'zod';

export const unlessOptions = z
  .strictObject({
    networks: cidrList().optional().describe('Clients by address: 192.0.2.7, 10.0.0.0/8, 2001:db8::/32.'),
    authenticated: identities()
      .prefault(false)
      .describe('Clients by who they proved to be: all that did (true), or these identities.'),
    helo: domainList().optional().describe('Clients by the name that they gave in HELO or EHLO; unproven.'),
    senders: addressList()
      .optional()
      .describe('Reverse-paths: addresses, domains (example.org, *.example.org), and <>; unproven.'),
    recipients: addressList().optional().describe('Recipients: addresses and domains.'),
    then: z.array(nestedPolicy()).min(1).describe('The policies to ask if nothing above matches, in this order.'),
  })
  .superRefine(({ networks, authenticated, helo, senders, recipients }, context) => {
    const listed = [
      networks !== undefined && networks.rules.length > 0,
      !authenticated.empty,
      ...[helo, senders, recipients].map((list) => list !== undefined && !list.empty),
    ];
    if (listed.includes(true)) return;
    context.addIssue({
      code: 'custom',
      path: [],
      message: 'expected at least one of networks, authenticated, helo, senders, recipients: unless what?',
    });
  });

/** What the class gets. */
export type UnlessOptions = Readonly<z.output<typeof unlessOptions>>;
