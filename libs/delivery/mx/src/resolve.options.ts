/** Options of how the servers of a domain are found. The plugin spreads these into its own. */
import { dnsOptions } from '@mailverb/dns';
import { cidrList, domainList } from '@mailverb/options';
import { z } from 'zod';

export const resolveShape = {
  ownNames: domainList()
    .prefault([])
    .describe(
      'More names of ours, beside the host name of the listener: mail for a domain whose MX we are goes no further.',
    ),
  ownAddresses: cidrList()
    .prefault([])
    .describe('More addresses of ours, beside those of this machine: what the world sees of us behind NAT.'),
  allowPrivate: z
    .boolean()
    .default(false)
    .describe('Go to private, loopback and link-local addresses too: strangers choose where their MX leads.'),
  maxHosts: z.int().min(1).max(50).default(5).describe('Servers of a domain that are tried.'),
  maxAddresses: z.int().min(1).max(50).default(4).describe('Addresses of a server that are tried.'),
  dns: dnsOptions(),
};

const resolveSchema = z.strictObject(resolveShape);

/** What {@link resolveShape} gives. */
export type ResolveOptions = Readonly<z.output<typeof resolveSchema>>;
