/** Verdicts: what a policy says. */
import { reply, type Reply } from '@mailverb/protocol';

/** Yes, no or later. Make one with the functions below. */
export type Verdict =
  /** Nothing against it. */
  | { readonly kind: 'pass'; readonly annotate?: Readonly<Record<string, string>> }
  /** I vouch for it. Does not silence policies after this one. */
  | { readonly kind: 'accept'; readonly annotate?: Readonly<Record<string, string>> }
  /** No (5xx), later (4xx), or no and goodbye. */
  | Refusal;

/** A verdict that refuses. */
export interface Refusal {
  readonly kind: 'reject' | 'defer' | 'hangup';
  /** What the client hears. */
  readonly reply: Reply;
  /** Why, for the log: may name what strangers need not know. */
  readonly reason: string | undefined;
  readonly annotate?: Readonly<Record<string, string>>;
}

const PASS: Verdict = Object.freeze({ kind: 'pass' });
const ACCEPT: Verdict = Object.freeze({ kind: 'accept' });

/** Nothing against it. */
export function pass(annotate?: Readonly<Record<string, string>>): Verdict {
  return annotate === undefined ? PASS : { kind: 'pass', annotate };
}

/** I vouch for it: at stage `rcpt` somebody must, or the recipient is refused. */
export function accept(annotate?: Readonly<Record<string, string>>): Verdict {
  return annotate === undefined ? ACCEPT : { kind: 'accept', annotate };
}

/** No, for good. @throws RangeError if the reply is not 5xx. */
export function reject(answer: Reply = reply(550, '5.7.1', 'refused by policy'), reason?: string): Refusal {
  if (!answer.permanent) throw new RangeError(`reject wants a 5xx reply, not ${answer.code}`);
  return { kind: 'reject', reply: answer, reason };
}

/** Not now. @throws RangeError if the reply is not 4xx. */
export function defer(answer: Reply = reply(451, '4.7.1', 'try again later'), reason?: string): Refusal {
  if (!answer.transient) throw new RangeError(`defer wants a 4xx reply, not ${answer.code}`);
  return { kind: 'defer', reply: answer, reason };
}

/** No, and the connection is closed. Any refusing reply; 421 and 554 are usual. */
export function hangup(answer: Reply = reply(554, '5.7.1', 'goodbye'), reason?: string): Refusal {
  if (answer.positive) throw new RangeError(`hangup wants a 4xx or 5xx reply, not ${answer.code}`);
  return { kind: 'hangup', reply: answer, reason };
}

/** True if the verdict refuses. */
export function isRefusal(verdict: Verdict): verdict is Refusal {
  return verdict.kind !== 'pass' && verdict.kind !== 'accept';
}
