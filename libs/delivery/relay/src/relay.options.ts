/** Options of the delivery strategy relay. */
import { nextHopShape } from '@mailverb/next-hop';
import { z } from 'zod';

const host = z.string().min(1).describe('Host name or address.');
const port = z.int().min(1).max(65535);

const hopSchema = z.strictObject({
  host,
  port: port.default(25).describe('Port.'),
  priority: z.int().min(0).default(0).describe('Lower ones are tried first.'),
});

export const relayOptions = z
  .strictObject({
    host: host.optional().describe('The next hop, where there is one: host name or address.'),
    port: port.default(25).describe('Its port.'),
    hosts: z.array(hopSchema).min(1).optional().describe('Several next hops, instead of `host` and `port`.'),
    balance: z
      .enum(['first', 'round-robin'])
      .default('round-robin')
      .describe(
        'Among hops of equal priority: always in this order, or each in turn. One that could not be reached is tried last for 30 s.',
      ),
    xclient: z
      .boolean()
      .default(false)
      .describe('Tell the next hop whom we speak for (XCLIENT); it must trust us, or nothing is delivered.'),
    ...nextHopShape,
  })
  .refine(({ host: one, hosts }) => (one === undefined) !== (hosts === undefined), 'expected either host or hosts');

/** What the class gets. */
export type RelayOptions = Readonly<z.output<typeof relayOptions>>;
