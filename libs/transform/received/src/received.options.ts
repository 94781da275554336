/** Options of the transform received. */
import { z } from 'zod';

export const receivedOptions = z.strictObject({
  id: z.boolean().default(true).describe("The transaction's id, as in the log and the reply."),
  for: z.boolean().default(true).describe('The recipient, where there is exactly one (RFC 5321 7.2).'),
  tls: z.boolean().default(true).describe('The cipher suite (RFC 8314 4.3) and version of TLS.'),
  auth: z
    .boolean()
    .default(false)
    .describe('Who the client proved to be. Every reader of the message sees it, and it is half of a login.'),
});

/** What the class gets. */
export type ReceivedOptions = Readonly<z.output<typeof receivedOptions>>;
