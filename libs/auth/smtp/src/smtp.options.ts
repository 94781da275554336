/** Options of the authenticator smtp. */
import { nextHopShape } from '@mailverb/next-hop';
import { z } from 'zod';

/** We have no credentials of our own here, and no message to send. */
const { name, tls, timeouts, pool, localAddress } = nextHopShape;

export const smtpOptions = z.strictObject({
  host: z.string().min(1).describe('The server that knows identities: host name or address.'),
  port: z.int().min(1).max(65535).default(587).describe('Its port.'),
  keep: z
    .boolean()
    .default(false)
    .describe(
      'Keep the connection on which somebody has logged in: a proxy or relay to the same `host` and `port` in this session sends its mail over it, as that user.',
    ),
  allowPlaintext: z
    .boolean()
    .default(false)
    .describe(
      'Ask over a connection that is not encrypted, or whose certificate is not checked: only a server on the same machine.',
    ),
  name,
  tls,
  timeouts,
  pool,
  localAddress,
});

/** What the class gets. */
export type SmtpOptions = Readonly<z.output<typeof smtpOptions>>;
