import type { TransactionRecord } from '@mailverb/contract';
import { reply } from '@mailverb/protocol';
import { testEnvelope, testRecipient } from '@mailverb/testing';
import { decisionOn, sessionVerdict, transactionVerdict } from './verdict.js';

const ok = reply(250, '2.0.0', 'Ok');
const later = reply(451, '4.7.1', 'later');
const no = reply(550, '5.7.1', 'no');
const recipient = testRecipient('a@example.org');
const taken = testEnvelope({ recipients: [recipient] });
const by = (answer: typeof ok) => ({ by: 'policy x', reply: answer, reason: undefined });

function record(overrides: Partial<TransactionRecord>): TransactionRecord {
  const base = { envelope: testEnvelope(), size: 0, reply: undefined, outcomes: [], decisions: [] };
  return { ...base, end: 'committed', startedAt: 0, endedAt: 0, ...overrides };
}

const outcomes = (...replies: (typeof ok)[]) => replies.map((answer) => ({ recipient, reply: answer }));

describe('transactionVerdict', () => {
  it.each([
    ['all have it', record({ outcomes: outcomes(ok, ok) }), 'delivered'],
    ['one has it', record({ outcomes: outcomes(no, ok, later) }), 'delivered'],
    ['none has it yet', record({ outcomes: outcomes(no, later) }), 'deferred'],
    ['none will have it', record({ outcomes: outcomes(no, no) }), 'rejected'],
    ['refused for good', record({ end: 'refused', reply: no }), 'rejected'],
    ['refused for now', record({ end: 'refused', reply: later }), 'deferred'],
    ['refused at its recipients', record({ end: 'refused', decisions: [by(no), by(later)] }), 'deferred'],
    ['refused by who knows whom', record({ end: 'refused' }), 'rejected'],
    ['given up', record({ end: 'aborted' }), 'aborted'],
    ['given up though one was taken', record({ envelope: taken, end: 'aborted', decisions: [by(no)] }), 'aborted'],
    ['given up as all were refused', record({ end: 'aborted', decisions: [by(no), by(no)] }), 'rejected'],
    [
      'given up as all were refused, one for now',
      record({ end: 'aborted', decisions: [by(later), by(no)] }),
      'deferred',
    ],
  ])('%s', (_, one, verdict) => {
    expect(transactionVerdict(one)).toBe(verdict);
  });
});

describe('decisionOn', () => {
  it('is the last one, where nothing was delivered', () => {
    expect(decisionOn(record({ end: 'refused', decisions: [by(no), by(later)] }))?.reply).toBe(later);
    expect(decisionOn(record({ outcomes: outcomes(ok), decisions: [by(no)] }))).toBeUndefined();
  });
});

describe('sessionVerdict', () => {
  const session = { endedAt: 0, commands: 0, errors: 0, transactions: 0, delivered: 0, octetsIn: 0, cause: 'quit' };

  it('is what was said last, if somebody said no', () => {
    expect(sessionVerdict({ ...session, decisions: [by(later), by(no)] })).toBe('rejected');
    expect(sessionVerdict({ ...session, decisions: [by(later)] })).toBe('deferred');
    expect(sessionVerdict({ ...session, decisions: [] })).toBe('none');
  });
});
