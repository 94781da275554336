/** How mechanisms fail. Reasons are for the log, always the same words, and never what the client has sent (attack A23). */
import type { SaslStep } from '@mailverb/contract';

type Failure = Extract<SaslStep, { type: 'failure' }>;

/** The credentials are wrong, or nobody has that name: nobody is told which. */
export const WRONG: Failure = failure('credentials', 'unknown, or the wrong credentials');

/** It is who it says, and wants to act as somebody that it may not act as. */
export const NOT_ALLOWED: Failure = failure('authorization', 'may not act as whom it asks for');

/** What was sent made no sense. @param reason fixed words: never anything of what was sent. */
export function malformed(reason: string): Failure {
  return failure('malformed', reason);
}

function failure(kind: Failure['kind'], reason: string): Failure {
  return Object.freeze({ type: 'failure', kind, reason });
}
