/** Options of the policy greylist. */
import { addressList, cidrList, domainList, duration, identities } from '@mailverb/options';
import { z } from 'zod';

/** One of what a list takes, as a list of one: it is read and looked up in the same way. */
const alone = z.string().transform((written) => [written]);

const tripleSchema = z
  .strictObject({
    client: alone.pipe(cidrList()).describe('The client, by address or network: 192.0.2.7, 10.0.0.0/8.'),
    helo: alone.pipe(domainList()).optional().describe('What it calls itself: mail.example.net, *.example.net.'),
    sender: alone.pipe(addressList()).optional().describe('An address, a domain, or <>.'),
    recipient: alone.pipe(addressList()).describe('An address, or a domain.'),
  })
  .refine(({ helo, sender }) => helo !== undefined || sender !== undefined, {
    error: 'expected sender, helo or both: client and recipient are no triple',
    path: ['sender'],
  });

const allowSchema = z.strictObject({
  clients: cidrList().prefault([]).describe('Clients by address or network: 192.0.2.7, 10.0.0.0/8, 2001:db8::/32.'),
  senders: addressList()
    .prefault([])
    .describe('Senders by address or domain: ann@example.org, example.org, *.example.org, <>. Anybody can say these.'),
  recipients: addressList().prefault([]).describe('Recipients by address or domain, who want to wait for nothing.'),
  triples: z
    .array(tripleSchema)
    .default([])
    .describe(
      'What must be true together: `client`, `recipient`, and `sender` or what the client calls itself, `helo`.',
    ),
});

const exemptSchema = z.strictObject({
  authenticated: identities()
    .prefault(true)
    .describe('Clients by who they proved to be: all that did (true), nobody (false), or these identities.'),
  trustedPeers: z.boolean().default(false).describe("Whether the listener's `trustedPeers` pass."),
});

const autoAllowSchema = z.strictObject({
  after: z.int().min(1).describe('How many triples of a network must have waited and passed.'),
  for: duration()
    .refine((ms) => ms > 0, 'expected a duration above 0')
    .default(3_000_000_000)
    .describe('How long the network then passes, from its last use.'),
});

export const greylistOptions = z
  .strictObject({
    retryAfter: duration()
      .default(180_000)
      .describe('Who tries again sooner than this begins to wait anew; `0` for nobody.'),
    passAfter: duration().default(3_600_000).describe('How long a triple waits.'),
    retryWithin: duration().default(25_000_000).describe('Who tries again later than this is new.'),
    passedFor: duration()
      .default(3_000_000_000)
      .describe('How long a triple that has waited passes, from its last use.'),
    ipv4Prefix: z.int().min(1).max(32).default(24).describe('Bits of an IPv4 network: its addresses are one client.'),
    ipv6Prefix: z.int().min(1).max(128).default(64).describe('Bits of an IPv6 network.'),
    domains: domainList()
      .optional()
      .describe('Domains of recipients that it is about; all if nothing is said. Of others it says and keeps nothing.'),
    foldLocal: z.boolean().default(true).describe('Whether local parts are compared without regard to case.'),
    tellWait: z.boolean().default(false).describe('Whether the reply says how many seconds are left.'),
    allow: allowSchema.prefault({}).describe('Who does not wait.'),
    exempt: exemptSchema.prefault({}).describe('Sessions that are not asked about.'),
    autoAllow: autoAllowSchema.optional().describe('Lets all of a network pass once so many of its triples have.'),
    countDays: z
      .int()
      .min(0)
      .max(366)
      .default(30)
      .describe('Days for which the numbers of decisions are kept in the store; 0 counts nothing.'),
  })
  .superRefine(({ retryAfter, passAfter, retryWithin, passedFor }, context) => {
    const wrong = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (retryAfter > passAfter) wrong('retryAfter', 'expected no more than passAfter');
    if (passAfter < 1) wrong('passAfter', 'expected a duration above 0');
    if (retryWithin <= passAfter) wrong('retryWithin', 'expected more than passAfter: nobody could pass');
    if (passedFor < 1) wrong('passedFor', 'expected a duration above 0');
  });

/** What the class gets. */
export type GreylistOptions = Readonly<z.output<typeof greylistOptions>>;

/** One of `allow.triples`. */
export type AllowedTriple = Readonly<GreylistOptions['allow']['triples'][number]>;
