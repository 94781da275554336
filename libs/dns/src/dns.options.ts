/** Options of the resolver, for plugins that ask the DNS: `dns: dnsOptions()` in theirs. */
import { duration } from '@mailverb/options';
import { parsePort } from '@mailverb/protocol';
import { isIP, isIPv6 } from 'node:net';
import { z } from 'zod';

const server = z
  .string()
  .refine(isServer, { error: 'expected an address such as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353' });

/** The resolver's options, all of which have a default. */
export function dnsOptions() {
  return z
    .strictObject({
      servers: z
        .array(server)
        .max(8)
        .prefault([])
        .describe('Recursive name servers, by address, with a port if it is not 53; none means those of the system.'),
      timeout: duration()
        .default(5000)
        .refine((ms) => ms >= 100 && ms <= 60_000, { error: 'expected between 100ms and 60s' })
        .describe('How long a lookup may take, with all its tries.'),
      tries: z.int().min(1).max(5).default(2).describe('How often each server is asked within that time.'),
      cache: z.int().min(0).max(1_000_000).default(10_000).describe('Answers that are remembered; 0 for none.'),
    })
    .prefault({})
    .describe('How the DNS is asked.');
}

/** What {@link dnsOptions} gives. */
export type DnsOptions = Readonly<z.output<ReturnType<typeof dnsOptions>>>;

function isServer(text: string): boolean {
  if (isIP(text) !== 0) return !text.includes('%');
  const colon = text.lastIndexOf(':');
  const bracket = text.lastIndexOf(']');
  const host = colon > bracket ? text.slice(0, colon) : text;
  if (colon > bracket && (parsePort(text.slice(colon + 1)) ?? 0) === 0) return false;
  if (!host.startsWith('[')) return isIP(host) === 4 && colon > bracket;
  return host.endsWith(']') && isIPv6(host.slice(1, -1)) && !host.includes('%');
}
