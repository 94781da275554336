/** The rules by which policies are asked: contract/policy.ts, one by one (attacks A17, A24, A26). */
import {
  accept,
  defer,
  hangup,
  isPromise,
  pass,
  reject,
  SmtpError,
  type MaybePromise,
  type Policy,
  type Verdict,
} from '@mailverb/contract';
import { reply } from '@mailverb/protocol';
import { gate, ManualClock, settle } from '../fixtures/clock.fixture.js';
import { freshSession, recorder, silent, type Told } from '../fixtures/scene.fixture.js';
import { Cancellation } from '../session/cancellation.js';
import { StageRunner, type Answer, type StagedPolicy } from './stage-runner.js';
import { Watchers } from './watchers.js';

const BUDGET = 30_000;
const NO = reject(reply(550, '5.7.1', 'no'), 'because');
const NEVER = reject(reply(554, '5.7.1', 'never'));
const LATER = defer(reply(450, '4.7.1', 'later'));
const BYE = hangup(reply(554, '5.7.1', 'bye'));

/** Policies of which each says something, named a, b, c… in their order. */
class Question {
  readonly clock = new ManualClock();
  readonly told: Told[] = [];
  readonly session = freshSession();
  readonly cancellation = new Cancellation();
  readonly asked: string[] = [];
  readonly runner: StageRunner;

  constructor(answers: readonly (() => MaybePromise<Verdict>)[], dryRun: readonly number[] = []) {
    const policies = answers.map((answer, i): StagedPolicy => {
      const name = String.fromCharCode(97 + i);
      const say = () => {
        this.asked.push(name);
        return answer();
      };
      return { name, policy: { helo: say, rcpt: say }, dryRun: dryRun.includes(i), budgetMs: BUDGET };
    });
    const watchers = new Watchers([{ name: 'recorder', observer: recorder(this.told) }], silent);
    this.runner = new StageRunner(policies, this.clock, watchers);
  }

  ask(stage: 'helo' | 'rcpt' = 'helo'): MaybePromise<Answer> {
    const { session, cancellation } = this;
    if (stage === 'helo') return this.runner.ask(stage, { session, name: 'x', verb: 'EHLO' }, session, cancellation);
    const envelope = { id: '', reversePath: null, parameters: {}, recipients: [] };
    const mailbox = { local: 'a', host: undefined, domain: '', address: 'a', utf8: false };
    return this.runner.ask(stage, { session, envelope, mailbox, parameters: {} }, session, cancellation);
  }

  count(event: string): number {
    return this.told.filter((one) => one.event === event).length;
  }
}

const now = (verdict: Verdict) => () => verdict;
const later = (verdict: Verdict) => () => settle(1).then(() => verdict);

/** `550 by policy b`, `accepted`, `passed`. */
function words(answer: Answer): string {
  if (answer.refusal !== undefined) return `${answer.refusal.kind} ${answer.refusal.reply.code} by ${answer.by}`;
  return answer.accepted ? 'accepted' : 'passed';
}

const TABLE: readonly [string, readonly Verdict[], string, string][] = [
  ['nobody', [], 'passed', ''],
  ['a pass', [pass()], 'passed', 'a'],
  ['an accept among passes', [pass(), accept(), pass()], 'accepted', 'abc'],
  ['the first refusal, which ends the question', [pass(), NO, NEVER], 'reject 550 by policy b', 'ab'],
  ['a refusal behind an accept', [accept(), LATER], 'defer 450 by policy b', 'ab'],
  ['a refusal before an accept', [NO, accept()], 'reject 550 by policy a', 'a'],
  ['a hangup', [pass(), BYE, accept()], 'hangup 554 by policy b', 'ab'],
];

const WHEN: readonly [string, (verdict: Verdict) => () => MaybePromise<Verdict>][] = [
  ['now', now],
  ['later', later],
];

describe.each(WHEN)('StageRunner, asking policies that answer %s', (when, say) => {
  it.each(TABLE)('hears %s', async (_, verdicts, expected, asked) => {
    const question = new Question(verdicts.map(say));
    const answer = question.ask();
    expect(isPromise(answer)).toBe(when === 'later' && verdicts.length > 0);
    expect(words(await answer)).toBe(expected);
    expect(question.asked.join('')).toBe(asked);
    expect(question.count('verdictGiven')).toBe(asked.length);
    expect(question.clock.pending).toBe(0);
  });

  it('at rcpt denies what nobody has accepted, and only that', async () => {
    expect(words(await new Question([]).ask('rcpt'))).toBe('reject 550 by nobody accepted the recipient');
    expect(words(await new Question([pass(), pass()].map(say)).ask('rcpt'))).toMatch(/^reject 550 by nobody/);
    expect(words(await new Question([pass(), accept()].map(say)).ask('rcpt'))).toBe('accepted');
    const denied = await new Question([say(pass())]).ask('rcpt');
    expect(denied.refusal?.reply.toString()).toBe('550 5.7.1 relaying denied');
  });

  it('keeps the notes of all that were asked, by name and in order', async () => {
    const refuse: Verdict = { ...NO, annotate: { why: 'two' } };
    const question = new Question(
      [pass({ score: '1' }), accept({ list: 'friends' }), refuse, pass({ x: 'y' })].map(say),
    );
    await question.ask();
    expect(question.session.annotations).toMatchObject([
      { by: 'a', key: 'score', value: '1' },
      { by: 'b', key: 'list', value: 'friends' },
      { by: 'c', key: 'why', value: 'two' },
    ]);
  });

  it('asks who rehearses, tells observers, keeps its notes, and does not hear its verdict', async () => {
    for (const verdict of [NO, accept(), { ...BYE, annotate: { would: 'hang up' } }]) {
      const question = new Question([verdict, pass()].map(say), [0]);
      expect(words(await question.ask('rcpt'))).toMatch(/^reject 550 by nobody/);
      expect(question.asked.join('')).toBe('ab');
      expect(question.told[0]).toMatchObject({
        event: 'verdictGiven',
        args: [{}, { policy: 'a', dryRun: true, verdict }],
      });
    }
  });
});

const boom = new Error('boom');
const FAULTS: readonly [string, () => MaybePromise<Verdict>][] = [
  ['throws', () => fail(boom)],
  ['throws a text', () => fail('boom')],
  ['throws nothing', () => fail(undefined)],
  ['rejects', () => Promise.reject(boom)],
  ['rejects later', () => settle(1).then(() => fail(boom))],
  ['answers nothing', () => rubbish(undefined)],
  ['answers null', () => rubbish(null)],
  ['answers true', () => rubbish(true)],
  ['answers a text', () => rubbish('accept')],
  ['answers an unknown kind', () => rubbish({ kind: 'maybe' })],
  ['refuses without words', () => rubbish({ kind: 'reject' })],
  ['refuses with words that agree', () => rubbish({ kind: 'reject', reply: reply(250, '2.0.0', 'welcome') })],
  ['refuses with what only looks like words', () => rubbish({ kind: 'defer', reply: { code: 450 } })],
  ['answers rubbish later', () => settle(1).then(() => rubbish(7))],
  ['notes rubbish', () => rubbish({ kind: 'accept', annotate: null })],
];

describe('StageRunner, when a policy', () => {
  it.each(FAULTS)('%s, defers, with words that tell nothing', async (_, fault) => {
    const question = new Question([fault, now(accept())]);
    const answer = await question.ask('rcpt');
    expect(words(answer)).toBe('defer 451 by policy a');
    expect(answer.refusal?.reply.toString()).toBe('451 4.3.0 local error, try again later');
    expect(question.asked.join('')).toBe('a');
    expect(question.count('faultCaught')).toBe(1);
    expect(question.clock.pending).toBe(0);
  });

  it('throws words of its own, says them only if they refuse', async () => {
    const saying = async (code: number, enhanced: string) => {
      const error = new SmtpError(reply(code, enhanced, 'my words'), 'private', { detail: 1 });
      return (await new Question([() => fail(error), now(accept())]).ask('rcpt')).refusal;
    };
    expect(await saying(550, '5.7.1')).toMatchObject({ kind: 'reject', reply: { code: 550 }, reason: 'private' });
    expect(await saying(450, '4.7.1')).toMatchObject({ kind: 'defer', reply: { code: 450 } });
    expect(await saying(250, '2.0.0')).toMatchObject({ kind: 'defer', reply: { code: 451 } });
  });

  it('fails while it rehearses, goes on without it', async () => {
    for (const [, fault] of FAULTS) {
      expect(words(await new Question([fault, now(accept())], [0]).ask('rcpt'))).toBe('accepted');
    }
  });

  it('does not answer within its budget, defers, tells it to stop, and does not hear it any more', async () => {
    const late = gate<Verdict>();
    const question = new Question([() => late.promise, now(accept())]);
    const { signal } = question.cancellation;
    let answer: Answer | undefined;
    void Promise.resolve(question.ask('rcpt')).then((settled) => (answer = settled));
    await question.clock.pass(BUDGET - 1);
    expect(answer).toBeUndefined();
    expect(signal.aborted).toBe(false);
    await question.clock.pass(1);
    expect(answer && words(answer)).toBe('defer 451 by policy a');
    expect(signal.aborted).toBe(true);
    // Who is asked next has a signal of his own.
    expect(question.cancellation.signal.aborted).toBe(false);
    late.open(accept({ note: 'too late' }));
    await settle();
    expect(question.session.annotations).toEqual([]);
    expect(question.count('verdictGiven')).toBe(1);
  });

  it('fails after its budget, leaves nothing unhandled', async () => {
    const late = gate<Verdict>();
    const question = new Question([() => late.promise]);
    const answer = question.ask();
    await question.clock.pass(BUDGET);
    late.fail(boom);
    await settle();
    expect(words(await answer)).toBe('defer 451 by policy a');
    expect(question.count('faultCaught')).toBe(1);
  });
});

describe('StageRunner', () => {
  it('asks at each stage those that have a say there, as methods of their own object', () => {
    class Own implements Policy {
      private readonly verdict = accept();
      rcpt(): Verdict {
        return this.verdict;
      }
    }
    const staged = (name: string, policy: Policy) => ({ name, policy, dryRun: false, budgetMs: 1 });
    const watchers = new Watchers([], silent);
    const runner = new StageRunner(
      [staged('own', new Own()), staged('helo', { helo: () => NO })],
      new ManualClock(),
      watchers,
    );
    expect(runner.at('rcpt').map(({ name }) => name)).toEqual(['own']);
    expect(runner.at('helo').map(({ name }) => name)).toEqual(['helo']);
    expect(runner.at('message')).toEqual([]);
    expect(runner.matters('helo')).toBe(true);
    expect(runner.matters('message')).toBe(false);
    expect(new StageRunner([], new ManualClock(), watchers).matters('rcpt')).toBe(true);
    const session = freshSession();
    const envelope = { id: '', reversePath: null, parameters: {}, recipients: [] };
    const mailbox = { local: 'a', host: undefined, domain: '', address: 'a', utf8: false };
    const answer = runner.ask('rcpt', { session, envelope, mailbox, parameters: {} }, session, new Cancellation());
    expect(answer).toEqual({ refusal: undefined, accepted: true });
  });
});

function fail(error: unknown): never {
  throw error;
}

/** What a policy may say whatever its type says: it may be JavaScript. */
function rubbish<T>(value: unknown): T {
  return value as T;
}
