/** Options of the policy relay-control. */
import { cidrList, identities } from '@mailverb/options';
import { z } from 'zod';

export const relayControlOptions = z
  .strictObject({
    networks: cidrList()
      .prefault([])
      .describe('Clients that may send to any domain, by address: 192.0.2.7, 10.0.0.0/8, 2001:db8::/32.'),
    authenticated: identities()
      .prefault(true)
      .describe(
        'Clients that may, by who they proved to be: all that did (true), nobody (false), or these identities.',
      ),
  })
  .superRefine(({ networks, authenticated }, context) => {
    if (authenticated.empty && networks.rules.length === 0) {
      context.addIssue({ code: 'custom', path: [], message: 'expected networks or authenticated: nobody could relay' });
    }
  });

/** What the class gets. */
export type RelayControlOptions = Readonly<z.output<typeof relayControlOptions>>;
