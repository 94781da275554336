/** Many outcomes, one reply: a 250 means everybody, and nothing is lost. */
import type { Outcome, Recipient } from '@mailverb/contract';
import { parseMailbox, reply, type Reply } from '@mailverb/protocol';
import { oneReply } from './one-reply.js';

const ok = reply(250, '2.0.0', 'kept as 1');
const alsoOk = reply(250, '2.0.0', 'kept as 2');
const no = reply(550, '5.1.1', 'no such user');
const never = reply(554, '5.7.1', 'never');
const later = reply(451, '4.7.1', 'wait', 'try again later');

function outcomes(replies: readonly Reply[]): readonly Outcome[] {
  return replies.map((answer, i) => {
    const mailbox = parseMailbox(`r${i}@example.org`);
    if (mailbox === undefined) throw new Error('no mailbox');
    const recipient: Recipient = { mailbox, parameters: {} };
    return { recipient, reply: answer };
  });
}

describe('oneReply', () => {
  it.each<[string, readonly Reply[], string]>([
    ['of one is its own', [no], '550 5.1.1 no such user'],
    ['of all the same is that', [later, later], '451 4.7.1 wait try again later'],
    ['of delivered ones is the first', [ok, alsoOk], '250 2.0.0 kept as 1'],
    [
      'of one refused among delivered ones is the refusal',
      [ok, no, ok],
      '550 5.1.1 no such user (1 of 3 recipients failed)',
    ],
    [
      'of one deferred among delivered ones is the deferral',
      [ok, later],
      '451 4.7.1 wait try again later (1 of 2 recipients failed)',
    ],
    [
      'of a refused and a deferred one is the deferral',
      [no, later, ok],
      '451 4.7.1 wait try again later (2 of 3 recipients failed)',
    ],
    ['of several refused ones is the first', [never, no], '554 5.7.1 never (2 of 2 recipients failed)'],
    ['of nobody is a deferral', [], '451 4.3.0 local error, try again later'],
  ])('%s', (_, replies, expected) => {
    expect(oneReply(outcomes(replies)).toString()).toBe(expected);
  });

  it('is a 250 only if every one is', () => {
    const all = [ok, alsoOk, no, never, later];
    for (const a of all) {
      for (const b of all) {
        const answer = oneReply(outcomes([a, b]));
        expect(answer.positive).toBe(a.positive && b.positive);
        expect(answer.transient).toBe(a.transient || b.transient);
      }
    }
  });

  it('keeps the lines of a long reply', () => {
    expect(oneReply(outcomes([ok, later])).lines).toEqual(['wait', 'try again later (1 of 2 recipients failed)']);
  });
});
