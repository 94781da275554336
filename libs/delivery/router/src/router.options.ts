/** Options of the delivery strategy router. */
import { ADDRESSES, DOMAINS, lookupOptions } from '@mailverb/lookup';
import { addressList, cidrList, domainList, nestedDelivery, octets } from '@mailverb/options';
import { z } from 'zod';
import { addressPatterns } from './address-pattern.js';
import { Glob } from './glob.js';

const names = z.array(z.string().min(1)).transform((list) => new Set(list));
const routeName = z.string().min(1, { error: 'expected the name of a route' });

const field = z.strictObject({
  name: z
    .string()
    .regex(/^[!-9;-~]{1,100}$/, { error: 'expected the name of a header field, such as X-Spam-Flag' })
    .transform((name) => name.toLowerCase())
    .describe('The field.'),
  pattern: z
    .string()
    .min(1)
    .default('*')
    .transform((pattern) => new Glob(pattern))
    .describe('What its value is, `*` for any run of characters, without regard to case; default anything.'),
});

const route = z
  .strictObject({
    name: routeName
      .optional()
      .describe('Only recipients for whom `lookup` gives this name; a route without a name does not ask.'),
    recipients: addressList().optional().describe('Recipients: ann@example.org. Compared without regard to case.'),
    domains: domainList()
      .optional()
      .describe(
        "Recipients' domains: example.org, *.example.org for all below it, [192.0.2.1] for an address literal.",
      ),
    patterns: addressPatterns()
      .optional()
      .describe('Patterns of recipients: *-bounces@example.org. `*` is any run of characters.'),
    senders: addressList()
      .optional()
      .describe('Reverse-paths: ann@example.org, example.org, *.example.org, <> for the null one.'),
    senderPatterns: addressPatterns().optional().describe('Patterns of reverse-paths.'),
    identities: names.optional().describe('Who sends: names under which clients have authenticated.'),
    listeners: names.optional().describe('Where it came in: names of listeners.'),
    networks: cidrList().optional().describe('From where it came in: addresses and networks of clients.'),
    minDeclaredSize: octets().optional().describe('MAIL said SIZE=, and at least that much.'),
    maxDeclaredSize: octets().optional().describe('MAIL said SIZE=, and at most that much.'),
    minSize: octets().optional().describe('The message has at least so many octets. It is held.'),
    maxSize: octets().optional().describe('The message has at most so many octets. It is held.'),
    header: z
      .array(field)
      .min(1)
      .optional()
      .describe('Fields that the message has, all of them: [{ name: X-Spam-Flag, pattern: "yes*" }].'),
    to: nestedDelivery().describe('The delivery strategy for what matches.'),
  })
  .refine(({ minSize = 0, maxSize = Infinity }) => minSize <= maxSize, {
    path: ['minSize'],
    error: 'expected no more than maxSize',
  })
  .refine(({ minDeclaredSize = 0, maxDeclaredSize = Infinity }) => minDeclaredSize <= maxDeclaredSize, {
    path: ['minDeclaredSize'],
    error: 'expected no more than maxDeclaredSize',
  });

/** Which way for whom. */
export const routerOptions = z
  .strictObject({
    lookup: lookupOptions(ADDRESSES, routeName)
      .optional()
      .describe('A table of addresses and domains that gives the `name` of a route.'),
    domainLookup: lookupOptions(DOMAINS, routeName)
      .optional()
      .describe('The same for domains alone: a service is then asked for the domain and not for the address.'),
    maxHeader: octets()
      .default(256 * 1024)
      .describe('How much of the header section is looked at, where a route has `header`.'),
    routes: z
      .array(route)
      .min(1)
      .describe(
        'The first route that matches is taken; one without conditions matches all. Of several conditions all must hold.',
      ),
  })
  .superRefine(({ lookup, domainLookup, routes }, context) => {
    const issue = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message, input: undefined });
    if (lookup !== undefined && domainLookup !== undefined)
      issue(['domainLookup'], 'expected only one of lookup and domainLookup');
    const known = new Set(routes.flatMap(({ name }) => name ?? []));
    const table = lookup ?? domainLookup;
    if (table === undefined) {
      const at = routes.findIndex(({ name }) => name !== undefined);
      if (at !== -1) issue(['routes', at, 'name'], 'expected a lookup that gives this name');
    } else if (known.size === 0) {
      issue(['routes'], 'expected a route with a name, which the lookup gives');
    }
    for (const [key, name] of table?.map ?? []) {
      if (typeof name !== 'string' || known.has(name)) continue;
      issue([lookup === undefined ? 'domainLookup' : 'lookup', 'map', key], `there is no route of that name`);
    }
  });

export type Route = z.output<typeof route>;
export type RouterOptionsInput = z.input<typeof routerOptions>;
export type RouterOptions = z.output<typeof routerOptions>;
