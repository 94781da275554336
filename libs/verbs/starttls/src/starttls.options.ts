/** Options of the verb STARTTLS. */
import { z } from 'zod';

export const startTlsOptions = z.strictObject({
  injected: z
    .enum(['close', 'drop'])
    .default('close')
    .describe(
      'What to do with a client that sends on before TLS has begun: refuse and close, or drop what it sent and go on. It is never executed.',
    ),
});

/** What the class gets. */
export type StartTlsOptions = Readonly<z.output<typeof startTlsOptions>>;
