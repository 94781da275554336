/** Options of the delivery strategy lmtp. */
import { nextHopShape } from '@mailverb/next-hop';
import { z } from 'zod';

export const lmtpOptions = z
  .strictObject({
    path: z.string().min(1).optional().describe("The server's unix socket. Either this or `host`."),
    host: z.string().min(1).optional().describe("The server's host name or address."),
    port: z.int().min(1).max(65535).default(24).describe('Its port.'),
    ...nextHopShape,
  })
  .refine(({ path, host }) => (path === undefined) !== (host === undefined), 'expected either path or host');

/** What the class gets. */
export type LmtpOptions = Readonly<z.output<typeof lmtpOptions>>;
