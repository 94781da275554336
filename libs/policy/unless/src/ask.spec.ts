/** The rules of a stage (contract/policy.ts), within unless. */
import { accept, defer, hangup, pass, reject, type PolicyContext, type Verdict } from '@mailverb/contract';
import { reply } from '@mailverb/protocol';
import { testContext } from '@mailverb/testing';
import fc from 'fast-check';
import { askAll, type Ask } from './ask.js';

const NO = reject(reply(550, '5.7.1', 'no'), 'private');

/** A policy that says this, now or later. */
const says =
  (verdict: Verdict, later = false): Ask<string> =>
  () =>
    later ? Promise.resolve(verdict) : verdict;

const ask = (policies: readonly Ask<string>[], context: PolicyContext = testContext()) =>
  askAll(policies, 'input', context);

describe.each([
  ['now', false],
  ['later', true],
])('askAll, answered %s', (_when, later) => {
  const all = async (...verdicts: Verdict[]) => ask(verdicts.map((verdict) => says(verdict, later)));

  it.each<[string, Verdict[], Verdict]>([
    ['nobody', [], pass()],
    ['all pass', [pass(), pass()], pass()],
    ['one vouches, first', [accept(), pass()], accept()],
    ['one vouches, last', [pass(), accept()], accept()],
    ['a refusal behind an accept', [accept(), NO], NO],
    ['the first refusal', [pass(), NO, defer()], NO],
    ['notes of all', [pass({ a: '1' }), accept(), pass({ b: '2' })], accept({ a: '1', b: '2' })],
    ['the later note of one name', [pass({ a: '1' }), pass({ a: '2' })], pass({ a: '2' })],
    [
      'notes before a refusal',
      [pass({ a: '1' }), { ...NO, annotate: { b: '2' } }],
      { ...NO, annotate: { a: '1', b: '2' } },
    ],
    ['no notes behind a refusal', [NO, pass({ a: '1' })], NO],
  ])('%s', async (_what, verdicts, expected) => {
    expect(await all(...verdicts)).toEqual(expected);
  });

  it('asks nobody behind a refusal', async () => {
    const asked: number[] = [];
    const policy =
      (n: number, verdict: Verdict): Ask<string> =>
      () => {
        asked.push(n);
        return later ? Promise.resolve(verdict) : verdict;
      };
    await ask([policy(1, pass()), policy(2, hangup()), policy(3, pass())]);
    expect(asked).toEqual([1, 2]);
  });
});

describe('askAll', () => {
  it('is synchronous where all policies are, and makes nothing new where nothing was noted', () => {
    expect(ask([says(pass()), says(accept())])).toBe(accept());
    expect(ask([says(pass())])).toBe(pass());
    expect(ask([says(pass()), says(NO)])).toBe(NO);
  });

  it('gives input and context to all', async () => {
    const context = testContext();
    const seen: unknown[] = [];
    const policy: Ask<string> = async (...args) => (seen.push(args), pass());
    await ask([policy, policy], context);
    expect(seen).toEqual([
      ['input', context],
      ['input', context],
    ]);
  });

  it('lets errors through to whoever asked, who defers', async () => {
    const thrown: Ask<string> = () => {
      throw new Error('thrown');
    };
    const rejected: Ask<string> = () => Promise.reject(new Error('rejected'));
    expect(() => ask([says(accept()), thrown])).toThrow('thrown');
    await expect(ask([says(accept()), rejected])).rejects.toThrow('rejected');
    await expect(ask([says(accept(), true), thrown])).rejects.toThrow('thrown');
  });

  it('asks nobody more when its time is up', async () => {
    const time = new AbortController();
    const next = jest.fn(says(pass()));
    const answer = ask([says(pass(), true), next], testContext(time.signal));
    time.abort(new Error('time is up'));
    await expect(answer).rejects.toThrow('time is up');
    expect(next).not.toHaveBeenCalled();
  });

  it('knows so from a context that has another signal by then, as that of the core has', async () => {
    let time = new AbortController();
    const next = jest.fn(says(pass()));
    const answer = ask([says(pass(), true), next], {
      get signal() {
        return time.signal;
      },
    });
    time.abort(new Error('time is up'));
    time = new AbortController();
    await expect(answer).rejects.toThrow('time is up');
    expect(next).not.toHaveBeenCalled();
  });

  it('says the same whoever answers now and whoever later', async () => {
    const verdict = fc.constantFrom<Verdict>(pass(), accept(), pass({ a: '1' }), accept({ b: '2' }), NO, defer());
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(verdict, fc.boolean()), { maxLength: 6 }), async (said) => {
        const now = ask(said.map(([one]) => says(one)));
        expect(await ask(said.map(([one, later]) => says(one, later)))).toEqual(now);
      }),
    );
  });
});
