/** What becomes of a triple: a function of what is known about it, the time and the terms. All of greylisting is here. */

/** The times, in milliseconds. */
export interface Terms {
  readonly retryAfter: number;
  readonly passAfter: number;
  readonly retryWithin: number;
  readonly passedFor: number;
}

/** What is known about a triple, in milliseconds since the epoch. */
export interface State {
  /** Whether it has waited long enough once. */
  readonly passed: boolean;
  /** When it began to wait. */
  readonly since: number;
  /** When it was used last, {@link lag} ago or sooner; of one that waits, `since`. */
  readonly used: number;
}

/** What a triple hears. */
export type Outcome =
  /** Nobody knows it. */
  | 'new'
  /** It comes too soon, and begins to wait anew. */
  | 'early'
  /** It has not waited long enough. */
  | 'waiting'
  /** It has, just now. */
  | 'passed'
  /** It has once. */
  | 'known';

/** See {@link Outcome}. */
export interface Judgement {
  readonly outcome: Outcome;
  readonly state: State;
  /** Whether that is another state than before. */
  readonly changed: boolean;
}

const HOUR = 3_600_000;

/**
 * How much later than it happened a use may be written: what is used a hundred times in a day is written a few times. A passed triple lives
 * that much longer than `passedFor`, and never shorter.
 */
export function lag({ passedFor }: Pick<Terms, 'passedFor'>): number {
  return Math.min(HOUR, Math.floor(passedFor / 100));
}

/** Judges a triple that is asked about now. */
export function judge(state: State | undefined, now: number, terms: Terms): Judgement {
  if (state === undefined) return begin('new', now);
  return state.passed ? judgePassed(state, now, terms) : judgeWaiting(state, now, terms);
}

/** How many milliseconds a waiting triple has left to wait. */
export function waitOf({ since }: State, now: number, { passAfter }: Terms): number {
  return Math.max(0, since + passAfter - now);
}

/** From when on the state says nothing any more, from now. One more than the last moment that counts. */
export function timeToLive({ passed, since, used }: State, now: number, terms: Terms): number {
  return (passed ? used + terms.passedFor + lag(terms) : since + terms.retryWithin) - now + 1;
}

function judgeWaiting(state: State, now: number, { retryAfter, passAfter, retryWithin }: Terms): Judgement {
  const waited = now - state.since;
  // Also what began in the future: the clock was wrong then or is now, and how long it has waited can't be told.
  if (waited < 0 || waited < retryAfter) return { ...begin('early', now), changed: state.since !== now };
  if (waited < passAfter) return { outcome: 'waiting', state, changed: false };
  if (waited > retryWithin) return begin('new', now);
  return { outcome: 'passed', state: { passed: true, since: state.since, used: now }, changed: true };
}

function judgePassed(state: State, now: number, terms: Terms): Judgement {
  const idle = now - state.used;
  const late = lag(terms);
  if (idle > terms.passedFor + late) return begin('new', now);
  const changed = Math.abs(idle) > late;
  return { outcome: 'known', state: changed ? { ...state, used: now } : state, changed };
}

function begin(outcome: 'new' | 'early', now: number): Judgement {
  return { outcome, state: { passed: false, since: now, used: now }, changed: true };
}
