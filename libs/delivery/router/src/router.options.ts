/** Options of the delivery strategy router. */
import { addressList, domainList, nestedDelivery } from '@mailverb/options';
import { z } from 'zod';

const names = z.array(z.string().min(1)).transform((list) => new Set(list));

const route = z.strictObject({
  recipients: addressList().optional().describe('Recipients: ann@example.org. Compared without regard to case.'),
  domains: domainList()
    .optional()
    .describe("Recipients' domains: example.org, *.example.org for all below it, [192.0.2.1] for an address literal."),
  identities: names.optional().describe('Who sends: names under which clients have authenticated.'),
  listeners: names.optional().describe('Where it came in: names of listeners.'),
  to: nestedDelivery().describe('The delivery strategy for what matches.'),
});

/** Which way for whom. */
export const routerOptions = z.strictObject({
  routes: z
    .array(route)
    .min(1)
    .describe(
      'The first route that matches is taken; one without conditions matches all. Of several conditions all must hold.',
    ),
});

export type Route = z.output<typeof route>;
export type RouterOptionsInput = z.input<typeof routerOptions>;
export type RouterOptions = z.output<typeof routerOptions>;
