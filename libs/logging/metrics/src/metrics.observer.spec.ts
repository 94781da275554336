/** The metrics observer: the contract, and what is counted. */
import { accept, reject, type Session, type TransactionRecord } from '@mailverb/contract';
import { reply } from '@mailverb/protocol';
import {
  FAKE_EPOCH,
  FakeClock,
  describeObserver,
  testEnvelope,
  testListener,
  testRecipient,
  testSession,
  testTls,
} from '@mailverb/testing';
import { Counts } from './counts.js';
import { MetricsObserver } from './metrics.observer.js';
import { metricsOptions } from './metrics.options.js';
import { MetricsText } from './metrics-text.js';

function make(options: object = {}) {
  const counts = new Counts();
  const clock = new FakeClock();
  const observer = new MetricsObserver(metricsOptions.parse(options), counts, clock);
  /** The rows that have counted something. */
  const rows = async () =>
    (await new MetricsText(counts).render()).split('\n').filter((line) => /^mailverb.* (?!0$)\S+$/.test(line));
  const rowsOf = async (name: string) => (await rows()).filter((line) => line.startsWith(`mailverb_${name}`));
  const say = (at: Session, line: string, ...codes: number[]) => {
    observer.commandReceived(at, line);
    for (const code of codes) observer.replySent(at, reply(code, undefined, 'x'));
  };
  return { observer, counts, clock, rows, rowsOf, say };
}

describeObserver('metrics', () => make());

const [a, b] = [testRecipient('a@example.org'), testRecipient('b@example.org')];
const closed = { endedAt: 0, commands: 1, errors: 0, transactions: 0, delivered: 0, octetsIn: 9, decisions: [] };
const transaction = (overrides: Partial<TransactionRecord> = {}): TransactionRecord => ({
  envelope: testEnvelope({ recipients: [a, b] }),
  size: 1234,
  end: 'committed',
  reply: reply(250, '2.0.0', 'Ok'),
  outcomes: [
    { recipient: a, reply: reply(250, '2.0.0', 'Ok') },
    { recipient: b, reply: reply(452, '4.2.2', 'full') },
  ],
  decisions: [],
  startedAt: FAKE_EPOCH,
  endedAt: FAKE_EPOCH,
  ...overrides,
});

describe('MetricsObserver', () => {
  it('knows how many sessions are open, and how the others have ended', async () => {
    const { observer, rowsOf } = make();
    const [one, two] = [testSession(), testSession({ listener: testListener({ name: 'mx' }) })];
    observer.sessionOpened(one);
    observer.sessionOpened(two);
    observer.sessionClosed(one, { ...closed, cause: 'quit' });
    // Told of its end alone: it was never counted as open.
    observer.sessionClosed(testSession(), { ...closed, cause: 'timeout' });
    expect(await rowsOf('sessions')).toEqual([
      'mailverb_sessions_total{listener="test",cause="quit"} 1',
      'mailverb_sessions_total{listener="test",cause="timeout"} 1',
      'mailverb_sessions_open{listener="mx"} 1',
    ]);
  });

  it('counts replies by the verb that they answer, of verbs that are known (attack A10, A13)', async () => {
    const { observer, rowsOf, say } = make({ verbs: ['xhello'] });
    const session = testSession();
    observer.replySent(session, reply(220, undefined, 'mx'));
    say(session, 'ehlo x', 250);
    say(session, 'RCPT TO:<a@example.org>', 550);
    say(session, 'DATA', 354, 250);
    say(session, 'Xhello', 250);
    for (const line of ['GET / HTTP/1.1', '__proto__', 'constructor', '', 'x'.repeat(1000)]) say(session, line, 500);
    // A timeout: nobody has asked for it.
    observer.replySent(session, reply(421, undefined, 'idle'));
    expect(await rowsOf('replies')).toEqual([
      'mailverb_replies_total{verb="none",reply="2xx"} 1',
      'mailverb_replies_total{verb="EHLO",reply="2xx"} 1',
      'mailverb_replies_total{verb="RCPT",reply="5xx"} 1',
      'mailverb_replies_total{verb="DATA",reply="3xx"} 1',
      'mailverb_replies_total{verb="DATA",reply="2xx"} 1',
      'mailverb_replies_total{verb="XHELLO",reply="2xx"} 1',
      'mailverb_replies_total{verb="other",reply="5xx"} 5',
      'mailverb_replies_total{verb="none",reply="4xx"} 1',
    ]);
  });

  it('counts what AUTH came to, however many lines it took', async () => {
    const { rowsOf, say } = make();
    const session = testSession();
    say(session, 'AUTH ***', 334, 334, 235);
    say(session, 'AUTH ***', 535);
    say(session, 'AUTH ***', 334, 535);
    say(session, 'AUTH ***', 454);
    // The client gave up: nothing was decided.
    say(session, 'AUTH ***', 334, 501);
    say(session, 'NOOP', 535);
    expect(await rowsOf('authentications')).toEqual([
      'mailverb_authentications_total{listener="test",result="success"} 1',
      'mailverb_authentications_total{listener="test",result="failure"} 2',
      'mailverb_authentications_total{listener="test",result="unavailable"} 1',
    ]);
  });

  it('counts verdicts, those that are only rehearsed apart', async () => {
    const { observer, rowsOf } = make();
    const seen = { stage: 'rcpt', policy: 'greylist' } as const;
    observer.verdictGiven(testSession(), { ...seen, verdict: accept(), dryRun: false });
    observer.verdictGiven(testSession(), { ...seen, verdict: reject(), dryRun: true });
    expect(await rowsOf('verdicts')).toEqual([
      'mailverb_verdicts_total{policy="greylist",stage="rcpt",verdict="accept",mode="enforce"} 1',
      'mailverb_verdicts_total{policy="greylist",stage="rcpt",verdict="reject",mode="dry-run"} 1',
    ]);
  });

  it('counts mail data, transactions and recipients', async () => {
    const { observer, rowsOf } = make();
    const session = testSession();
    observer.dataReceived(session, 1000);
    observer.dataReceived(session, 234);
    observer.transactionEnded(session, transaction());
    observer.transactionEnded(session, transaction({ end: 'aborted', reply: undefined, outcomes: [] }));
    expect([...(await rowsOf('data')), ...(await rowsOf('transactions')), ...(await rowsOf('recipients'))]).toEqual([
      'mailverb_data_octets_total{listener="test"} 1234',
      'mailverb_transactions_total{listener="test",end="committed",reply="2xx"} 1',
      'mailverb_transactions_total{listener="test",end="aborted",reply="none"} 1',
      'mailverb_recipients_total{listener="test",reply="2xx"} 1',
      'mailverb_recipients_total{listener="test",reply="4xx"} 1',
    ]);
  });

  it('measures how long a delivery took, apart from how long the client took', async () => {
    const { observer, clock, rowsOf } = make();
    const session = testSession();
    await clock.advance(4000);
    observer.dataReceived(session, 1000);
    await clock.advance(20);
    observer.transactionEnded(session, transaction({ endedAt: clock.now() }));
    // The clock was set back; and one that nobody delivered.
    observer.transactionEnded(session, transaction({ startedAt: clock.now() + 1000, endedAt: clock.now() }));
    observer.transactionEnded(session, transaction({ end: 'refused', endedAt: clock.now() + 9999 }));
    expect(await rowsOf('delivery_seconds_sum')).toEqual(['mailverb_delivery_seconds_sum 0.02']);
    expect(await rowsOf('delivery_seconds_count')).toEqual(['mailverb_delivery_seconds_count 1']);
    expect(await rowsOf('delivery_seconds_bucket{le="0.025"}')).toHaveLength(1);
    expect(await rowsOf('transaction_seconds_sum')).toEqual(['mailverb_transaction_seconds_sum 4.02']);
    expect(await rowsOf('transaction_seconds_count')).toEqual(['mailverb_transaction_seconds_count 2']);
  });

  it('counts TLS by version, limits by name and faults by place', async () => {
    const { observer, rowsOf } = make();
    observer.secured(testSession({ tls: testTls({ version: 'TLSv1.3' }) }));
    observer.secured(testSession({ tls: testTls({ version: 'TLSv9\n' }) }));
    observer.limitReached(undefined, 'connections');
    observer.faultCaught(undefined, 'policy greylist');
    expect([...(await rowsOf('tls')), ...(await rowsOf('limits')), ...(await rowsOf('faults'))]).toEqual([
      'mailverb_tls_sessions_total{listener="test",version="TLSv1.3"} 1',
      'mailverb_tls_sessions_total{listener="test",version="other"} 1',
      'mailverb_limits_total{limit="connections"} 1',
      'mailverb_faults_total{where="policy greylist"} 1',
    ]);
  });

  it('writes one row for a name with line ends in it (attack A6)', async () => {
    const { observer, rowsOf } = make();
    observer.limitReached(undefined, 'a"\nmailverb_fake 1\\');
    expect(await rowsOf('')).toEqual(['mailverb_limits_total{limit="a\\"\\nmailverb_fake 1\\\\"} 1']);
  });

  it.each([[{ verbs: ['A B'] }], [{ verbs: [''] }], [{ verb: [] }]])('refuses %j', (options) =>
    expect(metricsOptions.safeParse(options).success).toBe(false),
  );
});
