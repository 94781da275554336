/** Options of the authenticator smtp. */
import { z } from 'zod';

const hash = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in hexadecimal, lower case');

export const smtpOptions = z.strictObject({
  tokens: z
    .record(z.string().min(1), hash)
    .default({})
    .describe('Names to the SHA-256 of their tokens, in hexadecimal. Only for long random tokens.'),
});

/** What the class gets. */
export type SmtpOptions = Readonly<z.output<typeof smtpOptions>>;
