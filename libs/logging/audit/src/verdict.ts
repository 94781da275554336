/** What became of a transaction or a session, in one word, and who said so. */
import type { Decision, SessionRecord, TransactionRecord } from '@mailverb/contract';
import type { Reply } from '@mailverb/protocol';

/** `aborted`: the client gave up, or had to. */
export type Verdict = 'delivered' | 'deferred' | 'rejected' | 'aborted';

/** What a reply says about the mail. */
export function verdictOf(reply: Reply): Verdict {
  if (reply.positive) return 'delivered';
  return reply.transient ? 'deferred' : 'rejected';
}

/** Delivered if at least one recipient has it: each recipient's own fate stands beside its address. */
export function transactionVerdict(record: TransactionRecord): Verdict {
  if (record.end === 'aborted') return allRefused(record) ?? 'aborted';
  if (record.end === 'committed') {
    if (record.outcomes.some((outcome) => outcome.reply.positive)) return 'delivered';
    // None has it; if one may have it later, the client tries again.
    if (record.outcomes.some((outcome) => outcome.reply.transient)) return 'deferred';
    return 'rejected';
  }
  const last = record.reply ?? record.decisions.at(-1)?.reply;
  return last === undefined || last.positive ? 'rejected' : verdictOf(last);
}

// A client whose recipients were all refused goes away (greylisting): it has given up nothing, it was turned away.
function allRefused({ envelope, decisions }: TransactionRecord): Verdict | undefined {
  if (envelope.recipients.length > 0 || decisions.length === 0) return undefined;
  return decisions.some((decision) => decision.reply.transient) ? 'deferred' : 'rejected';
}

/** Who decided against it, if anybody did; a delivery's refusal is told by its replies. */
export function decisionOn(record: TransactionRecord): Decision | undefined {
  return transactionVerdict(record) === 'delivered' ? undefined : record.decisions.at(-1);
}

/** Who gave this reply: decisions hold the very reply that the client got. */
export function decisionBehind(reply: Reply, decisions: readonly Decision[]): Decision | undefined {
  return decisions.find((decision) => decision.reply === reply);
}

/** A session that had no transaction: refused, or nothing was wanted. */
export function sessionVerdict(record: SessionRecord): Verdict | 'none' {
  const last = record.decisions.at(-1);
  return last === undefined ? 'none' : verdictOf(last.reply);
}
