/**
 * Asks several policies as if they were one, by the rules of the stages: the first refusal decides, an `accept` is remembered and silences
 * nobody, annotations add up. Synchronous until a policy returns a promise; what throws goes on to whoever asked, who defers.
 */
import {
  accept,
  isPromise,
  isRefusal,
  pass,
  type MaybePromise,
  type PolicyContext,
  type Verdict,
} from '@mailverb/contract';

/** One policy's method for one stage. */
export type Ask<I> = (input: I, context: PolicyContext) => MaybePromise<Verdict>;

type Annotations = Readonly<Record<string, string>> | undefined;

/** The verdict of all. */
export function askAll<I>(policies: readonly Ask<I>[], input: I, context: PolicyContext): MaybePromise<Verdict> {
  return askFrom(policies, 0, input, context, false, undefined);
}

// What was heard so far travels in parameters, so that asking allocates nothing.
function askFrom<I>(
  policies: readonly Ask<I>[],
  at: number,
  input: I,
  context: PolicyContext,
  vouched: boolean,
  noted: Annotations,
): MaybePromise<Verdict> {
  const ask = policies[at];
  if (ask === undefined) return annotated(vouched ? accept() : pass(), noted);
  const verdict = ask(input, context);
  if (!isPromise(verdict)) return hear(verdict, policies, at, input, context, vouched, noted);
  // Now, as it is this one that fires: the core hands out a fresh one once it has.
  const { signal } = context;
  return verdict.then((late) => {
    // The time is up or the client has gone: nobody hears the answer any more.
    signal.throwIfAborted();
    return hear(late, policies, at, input, context, vouched, noted);
  });
}

function hear<I>(
  verdict: Verdict,
  policies: readonly Ask<I>[],
  at: number,
  input: I,
  context: PolicyContext,
  vouched: boolean,
  notedBefore: Annotations,
): MaybePromise<Verdict> {
  const noted = merge(notedBefore, verdict.annotate);
  if (isRefusal(verdict)) return annotated(verdict, noted);
  return askFrom(policies, at + 1, input, context, vouched || verdict.kind === 'accept', noted);
}

// Where two note the same key, the later one is heard, as if it had been asked alone.
function merge(before: Annotations, more: Annotations): Annotations {
  return before === undefined ? more : more === undefined ? before : { ...before, ...more };
}

function annotated(verdict: Verdict, annotate: Annotations): Verdict {
  return annotate === verdict.annotate ? verdict : { ...verdict, annotate };
}
