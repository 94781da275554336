/** Options of the policy fcrdns. */
import { dnsOptions } from '@mailverb/dns';
import { cidrList, domainList } from '@mailverb/options';
import { z } from 'zod';

const action = () => z.enum(['reject', 'defer', 'pass']);

export const fcrdnsOptions = z.strictObject({
  at: z
    .enum(['connect', 'rcpt'])
    .default('rcpt')
    .describe('When: before the greeting, or at the first recipient, when it is known who would have written to whom.'),
  noName: action().default('reject').describe('What becomes of a client whose address has no name (no PTR).'),
  unconfirmed: action().default('reject').describe('What becomes of one whose names do not lead back to its address.'),
  onFailure: z
    .enum(['defer', 'pass'])
    .default('defer')
    .describe('What becomes of one about which the DNS can not tell now.'),
  generic: action()
    .default('pass')
    .describe(
      'What becomes of one whose name is made of its address (`192-0-2-1.dyn.example.net`), or is in `genericNames`.',
    ),
  genericNames: domainList()
    .prefault([])
    .describe('More names that count as made by machine: `*.dyn.example.net` for all below it.'),
  properNames: domainList().prefault([]).describe('Names that do not, whatever they look like.'),
  allow: cidrList().prefault([]).describe('Clients about whom nothing is asked: 192.0.2.7, 10.0.0.0/8, 2001:db8::/32.'),
  askPrivate: z
    .boolean()
    .default(false)
    .describe('Ask about private addresses too, where our own DNS has names for them.'),
  maxNames: z.int().min(1).max(20).default(5).describe('Names of one address that are tried.'),
  dns: dnsOptions(),
});

/** What the class gets. */
export type FcrdnsOptions = Readonly<z.output<typeof fcrdnsOptions>>;
