/** Options of the policy require. */
import { z } from 'zod';

export const requireOptions = z
  .strictObject({
    tls: z.boolean().default(false).describe('The connection must be encrypted.'),
    clientCertificate: z
      .boolean()
      .default(false)
      .describe("The client must have a certificate that the listener's `tls.clientAuthorities` have signed."),
    auth: z.boolean().default(false).describe('The client must have proved who it is.'),
  })
  .superRefine(({ tls, clientCertificate, auth }, context) => {
    if (!tls && !clientCertificate && !auth) {
      context.addIssue({
        code: 'custom',
        path: [],
        message: 'expected tls, clientCertificate or auth: nothing is required',
      });
    }
  });

/** What the class gets. */
export type RequireOptions = Readonly<z.output<typeof requireOptions>>;
