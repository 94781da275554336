/** One timer for all. */
import { ManualClock } from '../fixtures/clock.fixture.js';
import { Sweeper, type Swept } from './sweeper.js';

class Member implements Swept {
  readonly seen: number[] = [];
  constructor(private readonly then: () => void = () => {}) {}
  sweep(now: number): void {
    this.seen.push(now);
    this.then();
  }
}

describe('Sweeper', () => {
  it('looks at each member once a second, with one timer, and only while there are any', async () => {
    const clock = new ManualClock();
    const sweeper = new Sweeper(clock);
    expect(clock.pending).toBe(0);
    const members = Array.from({ length: 100 }, () => new Member());
    for (const member of members) sweeper.add(member);
    expect(clock.pending).toBe(1);
    const start = clock.now();
    await clock.pass(3500);
    for (const { seen } of members) expect(seen).toEqual([start + 1000, start + 2000, start + 3000]);
    expect(sweeper.now).toBe(start + 3000);
    for (const member of members) sweeper.delete(member);
    expect(clock.pending).toBe(0);
  });

  it('knows the time when the first member comes after a pause', async () => {
    const clock = new ManualClock();
    const sweeper = new Sweeper(clock);
    await clock.pass(1_000_000);
    sweeper.add(new Member());
    expect(sweeper.now).toBe(clock.now());
  });

  it('lets members leave, and others come, while it looks', async () => {
    const clock = new ManualClock();
    const sweeper = new Sweeper(clock);
    const late = new Member();
    const leaving: Member = new Member(() => {
      sweeper.delete(leaving);
      sweeper.add(late);
    });
    sweeper.add(leaving);
    await clock.pass(2000);
    expect(leaving.seen).toHaveLength(1);
    expect(late.seen.length).toBeGreaterThan(0);
    sweeper.delete(late);
    expect(clock.pending).toBe(0);
  });

  it('stops when the last member leaves while it looks', async () => {
    const clock = new ManualClock();
    const sweeper = new Sweeper(clock);
    const leaving: Member = new Member(() => sweeper.delete(leaving));
    sweeper.add(leaving);
    await clock.pass(5000);
    expect(leaving.seen).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });
});
