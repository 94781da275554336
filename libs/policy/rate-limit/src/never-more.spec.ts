/** What a rate limit is for: never more than `burst` and what time has given pass, whoever asks, in whatever order, from however many processes. */
import type { Clock } from '@mailverb/contract';
import { FAKE_EPOCH } from '@mailverb/testing';
import fc from 'fast-check';
import { Desk, heard, type Written } from './desk.fixture.js';
import { MapStore, ScheduledStore } from './store.fixture.js';

interface Passed {
  readonly asked: number;
  readonly answered: number;
  readonly amount: number;
  readonly who: number;
}

interface Terms {
  readonly limit: number;
  readonly per: number;
  readonly burst: number;
}

/** In every stretch of time, whatever was taken within it for sure. */
function expectNeverMore(passed: readonly Passed[], { limit, per, burst }: Terms): void {
  for (const start of new Set(passed.map(({ asked }) => asked))) {
    for (const end of new Set(passed.map(({ answered }) => answered))) {
      const within = passed.filter(({ asked, answered }) => asked >= start && answered <= end);
      const sum = within.reduce((total, { amount }) => total + amount, 0);
      if (sum > 0) expect(sum).toBeLessThanOrEqual((burst + ((end - start) * limit) / per) * (1 + 1e-9));
    }
  }
}

/** A clock that is set by hand, also while others wait for something else. */
class HandClock implements Clock {
  time = FAKE_EPOCH;
  now = () => this.time;
  after = () => ({ cancel: () => undefined });
}

const terms = fc.record({
  limit: fc.integer({ min: 1, max: 50 }),
  per: fc.integer({ min: 1, max: 5000 }),
  burst: fc.integer({ min: 1, max: 12 }),
});
const steps = fc.array(
  fc.record({
    ms: fc.oneof(fc.constant(0), fc.nat(2000)),
    who: fc.nat(3),
    amount: fc.integer({ min: 1, max: 12 }),
  }),
  { maxLength: 40 },
);

const written = (all: Terms, each: Terms): Written => ({
  rules: [
    { name: 'all', of: 'bytes', by: 'all', limit: all.limit, per: `${all.per}ms`, burst: all.burst },
    { name: 'each', of: 'bytes', by: 'address', limit: each.limit, per: `${each.per}ms`, burst: each.burst },
  ],
});

const from = (who: number, size: number) => ({ session: { remoteAddress: `192.0.2.${who}` }, size });

function check(passed: readonly Passed[], all: Terms, each: Terms): void {
  expectNeverMore(passed, all);
  for (let who = 0; who < 4; who++)
    expectNeverMore(
      passed.filter((one) => one.who === who),
      each,
    );
}

describe('never more than may pass', () => {
  it('one after another, of what is asked at once', () => {
    fc.assert(
      fc.property(terms, terms, steps, (all, each, asking) => {
        const clock = new HandClock();
        const desk = new Desk(written(all, each), clock);
        const passed: Passed[] = [];
        for (const { ms, who, amount } of asking) {
          clock.time += ms;
          const now = clock.time;
          if (heard(desk.message(from(who, amount))) !== 'pass') continue;
          passed.push({ asked: now, answered: now, amount, who });
        }
        check(passed, all, each);
      }),
    );
  });

  it('by several processes on one store that answers in any order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), terms, terms, steps, async (scheduler, all, each, asking) => {
        const clock = new HandClock();
        const shared = new MapStore(clock);
        const processes = Array.from(
          { length: 3 },
          () => new Desk(written(all, each), clock, new ScheduledStore(shared, scheduler)),
        );
        const passed: Passed[] = [];
        const answers = asking.map(async ({ ms, who, amount }, i) => {
          await scheduler.schedule(Promise.resolve());
          clock.time += ms;
          const before = clock.time;
          const verdict = heard(await processes[i % 3]?.message(from(who, amount)));
          if (verdict === 'pass') passed.push({ asked: before, answered: clock.time, amount, who });
        });
        await scheduler.waitIdle();
        await Promise.all(answers);
        check(passed, all, each);
      }),
    );
  });

  it('by a clock that has parts of milliseconds', () => {
    const terms: Terms = { limit: 1000, per: 1, burst: 1000 };
    const clock = new HandClock();
    const desk = new Desk(written(terms, terms), clock);
    const start = clock.time;
    let passed = 0;
    for (let i = 0; i < 1000; i++) {
      clock.time += 0.125;
      if (heard(desk.message(from(1, 250))) === 'pass') passed += 250;
    }
    expect(passed).toBeLessThanOrEqual(terms.burst + (clock.time - start) * terms.limit);
  });

  it('of two hundred at once exactly so many as there are, and what is refused for one reason is there for others', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const clock = new HandClock();
        const shared = new MapStore(clock);
        const rules: Written['rules'] = [{ of: 'messages', by: 'all', limit: 20, per: '1h' }];
        const processes = Array.from(
          { length: 4 },
          () => new Desk({ rules }, clock, new ScheduledStore(shared, scheduler)),
        );
        const verdicts = Array.from({ length: 200 }, (_, i) => processes[i % 4]?.mail());
        await scheduler.waitIdle();
        const passed = (await Promise.all(verdicts)).map(heard).filter((verdict) => verdict === 'pass');
        expect(passed).toHaveLength(20);
      }),
      { numRuns: 5 },
    );
  });
});
