/** Options of the authenticator static. */
import { duration } from '@mailverb/options';
import { z } from 'zod';

export const staticOptions = z.strictObject({
  file: z.string().min(1).describe('Who there is. Relative to where the server was started.'),
  format: z
    .enum(['auto', 'yaml', 'lines'])
    .default('auto')
    .describe(
      '`yaml`; `lines` of `name:hash`, as htpasswd writes them; by default YAML if it is called .yaml, .yml or .json.',
    ),
  reloadInterval: duration()
    .default(10_000)
    .describe('How often it is looked whether the file has changed; 0 for never.'),
  maxChecks: z
    .int()
    .min(1)
    .max(64)
    .default(2)
    .describe('Passwords that are checked at once: each takes a thread, and memory, on purpose.'),
  maxWaiting: z
    .int()
    .nonnegative()
    .default(100)
    .describe('Passwords that wait to be checked; one more is answered with a temporary failure.'),
});

/** What the class gets. */
export type StaticOptions = Readonly<z.output<typeof staticOptions>>;
