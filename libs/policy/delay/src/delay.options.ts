/** Options of the policy delay. */
import { duration } from '@mailverb/options';
import { z } from 'zod';

/** The stages at which somebody can be made to wait. */
export const DELAYED = ['connect', 'helo', 'auth', 'mail', 'rcpt', 'data'] as const;

/** One of them. */
export type Delayed = (typeof DELAYED)[number];

/** A wait that reaches `timeouts.policy` is no wait but a fault, and defers; that is 30 s by default. */
const LONGEST_MS = 25_000;

const stage = (when: string) => duration().default(0).describe(`Wait ${when}.`);

const atSchema = z.strictObject({
  connect: stage('before the greeting'),
  helo: stage('before the answer to HELO and EHLO'),
  auth: stage('before credentials are looked at'),
  mail: stage('before the answer to MAIL'),
  rcpt: stage('before the answer to RCPT'),
  data: stage('before the answer to DATA, or to the first BDAT'),
});

const growing = (of: string) =>
  z
    .strictObject({
      after: z.int().nonnegative().describe(`So many ${of} cost no wait.`),
      delay: duration().describe('The wait for the next one.'),
      factor: z.number().min(1).max(100).default(2).describe('Each further wait is so many times the one before.'),
    })
    .refine(({ delay }) => delay > 0, { path: ['delay'], error: 'expected a duration above 0' })
    .optional();

export const delayOptions = z
  .strictObject({
    at: atSchema.prefault({}).describe('The same wait for everybody, by stage.'),
    recipients: growing('recipients of a message').describe('Waits that grow with the recipients of one message.'),
    failures: growing('failures of a session').describe(
      'Waits at AUTH, MAIL and RCPT that grow with what came to nothing: AUTH that failed, recipients that were refused or given up.',
    ),
    longest: duration().default(10_000).describe('No wait is longer; at most 25s, and less than `timeouts.policy`.'),
    total: duration().default(120_000).describe('All waits of one session together.'),
    sessions: z
      .int()
      .positive()
      .default(500)
      .describe('Sessions of this process that wait at once. Where there are so many, others do not wait.'),
  })
  .superRefine(({ at, recipients, failures, longest }, context) => {
    const wrong = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    if (longest < 1 || longest > LONGEST_MS) wrong(['longest'], 'expected a duration above 0, and at most 25s');
    for (const one of DELAYED) if (at[one] > longest) wrong(['at', one], 'expected no more than `longest`');
    for (const [name, waits] of [['recipients', recipients] as const, ['failures', failures] as const]) {
      if (waits !== undefined && waits.delay > longest) wrong([name, 'delay'], 'expected no more than `longest`');
    }
    const nothing = DELAYED.every((one) => at[one] === 0) && recipients === undefined && failures === undefined;
    if (nothing) wrong([], 'expected at, recipients or failures: nobody waits');
  });

/** What the class gets. */
export type DelayOptions = Readonly<z.output<typeof delayOptions>>;

/** Waits that grow. */
export type Growing = Readonly<NonNullable<DelayOptions['recipients']>>;
