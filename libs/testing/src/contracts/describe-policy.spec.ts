/** The contract suite of policies finds what is wrong with a policy. */
import { accept, pass, reject, slot, type Lifecycle, type Policy } from '@mailverb/contract';
import { Reply, reply } from '@mailverb/protocol';
import { failuresOf } from './collect-failures.js';
import { describePolicy, type PolicySuite } from './describe-policy.js';

const NO = reply(550, '5.7.1', 'no');

const failures = (make: () => Policy & Lifecycle, suite?: PolicySuite): Promise<readonly string[]> =>
  failuresOf(() => describePolicy('test', make, suite));

const VERDICT = expect.stringContaining('gives a verdict whose reply fits');
const REPEATED = expect.stringContaining('the same answer');
const SESSION = expect.stringContaining('holds nothing of a session');

describe('describePolicy', () => {
  it('finds nothing wrong with good policies', async () => {
    const seen = slot<number>('seen', 'connection');
    const good: Policy = {
      connect: () => pass(),
      helo: ({ name }) => (name === '[' ? reject(reply(550, undefined, 'no')) : pass({ length: String(name.length) })),
      rcpt: async ({ mailbox, session }) => {
        session.set(seen, (session.get(seen) ?? 0) + 1);
        return mailbox.host === undefined ? accept() : reject(NO, 'a reason');
      },
      message: ({ message, size }) => (message?.size === size ? pass() : reject(NO)),
      wholeMessage: true,
    };
    expect(await failures(() => good, { stages: ['connect', 'helo', 'rcpt', 'message'] })).toEqual([]);
  });

  it.each<[string, Policy, unknown]>([
    ['no say at all', {}, 'has a say somewhere'],
    ['a say at other stages than said', { mail: () => pass() }, 'has a say somewhere'],
    ['a whole message that nobody reads', { rcpt: () => pass(), wholeMessage: true }, expect.stringContaining('whole')],
    ['a kind that is none', { rcpt: () => JSON.parse('{"kind":"maybe"}') }, VERDICT],
    [
      'a reject that says 4xx',
      { rcpt: () => ({ kind: 'reject', reply: reply(450, '4.0.0', ''), reason: '' }) },
      VERDICT,
    ],
    ['a defer that says 5xx', { rcpt: () => ({ kind: 'defer', reply: NO, reason: '' }) }, VERDICT],
    [
      'a hangup that says 2xx',
      { rcpt: () => ({ kind: 'hangup', reply: reply(250, '2.0.0', ''), reason: '' }) },
      VERDICT,
    ],
    [
      'an enhanced status code of another class',
      { rcpt: () => ({ kind: 'reject', reply: new Reply(550, '4.0.0', ['']), reason: '' }) },
      VERDICT,
    ],
    ['an echo', { helo: ({ name }) => reject(reply(550, undefined, name)) }, VERDICT],
    ['an echo in an annotation', { helo: ({ name }) => pass({ name }) }, VERDICT],
    ['a policy that throws', { helo: ({ name }) => pass({ x: new URL(name === '[' ? name : 'x:y').href }) }, VERDICT],
    ['a policy that rejects', { rcpt: ({ mailbox }) => Promise.reject(new Error(mailbox.host?.name)) }, VERDICT],
    [
      'a policy that changes the session',
      { rcpt: ({ session }) => (Object.assign(session, { phase: 'mail' }), pass()) },
      VERDICT,
    ],
    [
      'a policy that changes the mailbox',
      { rcpt: ({ mailbox }) => (Object.assign(mailbox, { local: '' }), pass()) },
      VERDICT,
    ],
    ['chance', { rcpt: () => pass({ number: String(Math.random()) }) }, REPEATED],
  ])('finds %s', async (_what, policy, failed) => {
    const suite: PolicySuite = policy.mail === undefined ? {} : { stages: ['rcpt'] };
    expect(await failures(() => policy, suite)).toContainEqual(failed);
  });

  it('finds that a policy goes on waiting when its signal has fired', async () => {
    const policy: Policy = {
      rcpt: async (_input, { signal }) => {
        await Promise.resolve();
        return signal.aborted ? new Promise(() => undefined) : pass();
      },
    };
    expect(await failures(() => policy, { patienceMs: 20 })).toEqual(['comes to an end when its time is up']);
  });

  it('finds what is remembered from one session to the next, unless that is its purpose', async () => {
    const make = (): Policy => {
      const known = new Set<string>();
      return {
        rcpt: ({ mailbox }) => (known.size === known.add(mailbox.address).size ? pass() : reject(NO)),
      };
    };
    expect(await failures(make)).toEqual([REPEATED, SESSION]);
    expect(await failures(make, { remembers: true })).toEqual([]);
  });

  it('finds what two questions at the same time do to each other', async () => {
    const make = (): Policy => {
      let current = '';
      return {
        rcpt: async ({ mailbox }) => {
          current = mailbox.address;
          await Promise.resolve();
          return pass({ length: String(current.length) });
        },
      };
    };
    expect(await failures(make)).toEqual([SESSION]);
  });

  it('starts what it asks, and stops it', async () => {
    let open = 0;
    const make = (): Policy & Lifecycle => {
      let started = false;
      return {
        start: () => {
          started = true;
          open++;
        },
        rcpt: () => {
          if (!started) throw new Error('not started');
          return pass();
        },
        stop: () => void open--,
      };
    };
    expect(await failures(make)).toEqual([]);
    expect(open).toBe(0);
  });
});
