/** Options of the verb AUTH. */
import { cidrList, duration } from '@mailverb/options';
import { z } from 'zod';

const failuresSchema = z
  .strictObject({
    perAddress: z
      .int()
      .nonnegative()
      .default(20)
      .describe('Failures from one IPv4 address or IPv6 /64 within `window`, whoever they were for. 0 for no limit.'),
    perIdentity: z
      .int()
      .nonnegative()
      .default(10)
      .describe('Failures for one identity within `window`, wherever they came from. 0 for no limit.'),
    perSession: z
      .int()
      .nonnegative()
      .default(3)
      .describe('Failures in one session, which the last of them ends. 0 for no limit.'),
    window: duration().default(600_000).describe('How long a failure counts, from the first one on.'),
    lockout: duration()
      .default(900_000)
      .describe('How long an address or identity that is at its limit is refused, from its last failure on.'),
    familiar: duration()
      .default(30 * 86_400_000)
      .describe(
        'How long an address from which an identity has been authenticated has a count of its own for it: strangers can not lock it out there.',
      ),
    delay: duration().default(1000).describe('How late the first failure is answered; each one more doubles it.'),
    maxDelay: duration().default(10_000).describe('How late a failure is answered at most.'),
    shared: cidrList()
      .prefault([])
      .describe('Clients that are many people behind one address, such as a webmail: not counted by address.'),
  })
  .superRefine(({ delay, maxDelay, window, lockout }, context) => {
    const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (maxDelay < delay) refuse('maxDelay', 'expected at least the delay');
    if (window === 0) refuse('window', 'expected a time in which failures are counted');
    if (lockout === 0) refuse('lockout', 'expected a time in which nobody may try again');
  });

export const authOptions = z.strictObject({
  failures: failuresSchema
    .prefault({})
    .describe('How failures are counted, across sessions, and what becomes of who has too many.'),
});

/** How failures are counted. */
export type FailureRules = Readonly<z.output<typeof failuresSchema>>;

/** What the class gets. */
export type AuthOptions = Readonly<z.output<typeof authOptions>>;
