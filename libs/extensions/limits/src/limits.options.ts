/** Options of the extension LIMITS. */
import { z } from 'zod';

/** RFC 9422 3.2: a limit has at most six digits, and is not 0. */
export const LARGEST = 999_999;

const limit = (description: string) => z.int().min(1).max(LARGEST).optional().describe(description);

export const limitsOptions = z.strictObject({
  mailMax: limit(
    'MAILMAX: MAIL commands in a session; by default, and at most, the `limits.messages` of the listener.',
  ),
  rcptMax: limit(
    'RCPTMAX: RCPT commands in a transaction; by default, and at most, the `limits.recipients` of the listener.',
  ),
  rcptDomainMax: limit('RCPTDOMAINMAX: different recipient domains in a session; for a policy that counts them.'),
});

/** What the class gets. */
export type LimitsOptions = Readonly<z.output<typeof limitsOptions>>;
