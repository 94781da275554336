/** Options of the extension LIMITS. */
import { z } from 'zod';

// RFC 9422 3.2: a limit has at most six digits, and is not 0.
const limit = (description: string) => z.int().min(1).max(999_999).optional().describe(description);

export const limitsOptions = z.strictObject({
  mailMax: limit('MAILMAX: MAIL commands in a session; say what the listener has as `limits.messages`, or less.'),
  rcptMax: limit('RCPTMAX: RCPT commands in a transaction; say what the listener has as `limits.recipients`, or less.'),
  rcptDomainMax: limit('RCPTDOMAINMAX: different recipient domains in a session; for a policy that counts them.'),
});

/** What the class gets. */
export type LimitsOptions = Readonly<z.output<typeof limitsOptions>>;
