/**
 * Many outcomes, one reply (RFC 5321 4.2.5 knows only one; LMTP has one each).
 *
 * The worst decides: if any recipient is deferred the whole message is (451: the client tries again, and some may get it twice); else if any
 * is refused the whole is (554: the sender is told, and some have got it); else it is 250. So a 250 always means everybody, and nothing is lost:
 * a duplicate is the price. A strategy that can avoid it (a queue) takes responsibility for all, and says 250 for all.
 */
import type { Outcome } from '@mailverb/contract';
import { reply, type Reply } from '@mailverb/protocol';

const NOTHING = reply(451, '4.3.0', 'local error, try again later');

/** The one reply for all outcomes. */
export function oneReply(outcomes: readonly Outcome[]): Reply {
  const [first] = outcomes;
  if (first === undefined) return NOTHING;
  let worst = first.reply;
  let same = true;
  for (const { reply: answer } of outcomes) {
    if (answer !== first.reply) same = false;
    if (rank(answer) > rank(worst)) worst = answer;
  }
  if (same || worst.positive || outcomes.length === 1) return worst;
  const count = outcomes.filter((outcome) => !outcome.reply.positive).length;
  return reply(
    worst.code,
    worst.enhanced,
    ...worst.lines.slice(0, -1),
    `${worst.lines.at(-1) ?? ''} (${count} of ${outcomes.length} recipients failed)`,
  );
}

function rank(answer: Reply): number {
  if (answer.positive) return 0;
  return answer.permanent ? 1 : 2;
}
