/** What becomes of a triple: against the ancestor's rules, told in one sentence each, whatever the times. */
import fc from 'fast-check';
import { judge, lag, timeToLive, waitOf, type State, type Terms } from './judge.js';

const terms: fc.Arbitrary<Terms> = fc
  .tuple(
    fc.nat(1000),
    fc.integer({ min: 1, max: 1000 }),
    fc.integer({ min: 1, max: 1000 }),
    fc.integer({ min: 1, max: 10_000 }),
  )
  .map(([retryAfter, more, window, passedFor]) => ({
    retryAfter,
    passAfter: retryAfter + more,
    retryWithin: retryAfter + more + window,
    passedFor,
  }));
const NOW = 1_000_000;
const states: fc.Arbitrary<State> = fc
  .record({ passed: fc.boolean(), since: fc.integer({ min: NOW - 20_000, max: NOW + 100 }), idle: fc.nat(20_000) })
  .map(({ passed, since, idle }) => ({ passed, since, used: passed ? NOW - idle : since }));

describe('judge', () => {
  it('passes nobody who has not waited, and everybody who has', () => {
    fc.assert(
      fc.property(states, terms, (state, times) => {
        const { outcome } = judge(state, NOW, times);
        const waited = NOW - state.since;
        const inTime = waited >= times.passAfter && waited <= times.retryWithin;
        const isKnown = state.passed && NOW - state.used <= times.passedFor + lag(times);
        expect(outcome === 'passed').toBe(!state.passed && inTime);
        expect(outcome === 'known').toBe(isKnown);
        // Within what is promised it is known in any case.
        if (state.passed && NOW - state.used <= times.passedFor) expect(outcome).toBe('known');
      }),
    );
  });

  it('lives for as long as it says something, and not a moment longer', () => {
    fc.assert(
      fc.property(states, terms, (state, times) => {
        const before = judge(state, NOW, times).state;
        const end = NOW + timeToLive(before, NOW, times);
        expect(timeToLive(before, NOW, times)).toBeGreaterThan(0);
        expect(judge(before, end, times).outcome).toBe('new');
        expect(judge(before, end - 1, times).outcome).not.toBe('new');
      }),
    );
  });

  it('says that something has changed where it has, and nowhere else', () => {
    fc.assert(
      fc.property(states, terms, (state, times) => {
        const { state: after, changed } = judge(state, NOW, times);
        const of = ({ passed, since, used }: State) => (passed ? [passed, since, used] : [passed, since]);
        expect(changed).toBe(JSON.stringify(of(after)) !== JSON.stringify(of(state)));
      }),
    );
  });

  it('passes whoever waits as long as it is told', () => {
    fc.assert(
      fc.property(states, terms, (state, times) => {
        const { outcome, state: after } = judge(state, NOW, times);
        if (outcome === 'passed' || outcome === 'known') return;
        const wait = waitOf(after, NOW, times);
        expect(judge(after, NOW + wait, times).outcome).toBe('passed');
        if (wait > 0) expect(judge(after, NOW + wait - 1, times).outcome).not.toBe('passed');
      }),
    );
  });
});
