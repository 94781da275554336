import { FAKE_EPOCH, FakeClock } from './fake-clock.js';

describe('FakeClock', () => {
  it('stands still until it is advanced', async () => {
    const clock = new FakeClock();
    expect(clock.now()).toBe(FAKE_EPOCH);
    await clock.advance(5);
    expect(clock.now()).toBe(FAKE_EPOCH + 5);
    expect(new FakeClock(7).now()).toBe(7);
  });

  it('rings in the order of time, each at its own, and the earlier set first', async () => {
    const clock = new FakeClock(0);
    const rung: string[] = [];
    const ring = (name: string) => () => rung.push(`${name}@${clock.now()}`);
    clock.after(20, ring('c'));
    clock.after(10, ring('a'));
    clock.after(10, ring('b'));
    clock.after(30, ring('d'));
    await clock.advance(20);
    expect(rung).toEqual(['a@10', 'b@10', 'c@20']);
    expect(clock.pending).toBe(1);
    await clock.advance(9);
    expect(rung).toHaveLength(3);
    await clock.advance(1);
    expect(rung).toHaveLength(4);
  });

  it('rings what was set by a ring, or by a promise that a ring resolved, within the same advance', async () => {
    const clock = new FakeClock(0);
    const rung: number[] = [];
    clock.after(10, () => {
      void Promise.resolve()
        .then(() => new Promise((resolve) => setImmediate(resolve)))
        .then(() => clock.after(10, () => rung.push(clock.now())));
    });
    await clock.advance(25);
    expect(rung).toEqual([20]);
    expect(clock.now()).toBe(25);
  });

  it('does not ring what was cancelled; cancelling again is harmless', async () => {
    const clock = new FakeClock(0);
    let rung = 0;
    const alarm = clock.after(10, () => rung++);
    alarm.cancel();
    alarm.cancel();
    const late = clock.after(10, () => rung++);
    await clock.advance(10);
    late.cancel();
    expect(rung).toBe(1);
    expect(clock.pending).toBe(0);
  });

  it('rings an alarm of no time at the next advance', async () => {
    const clock = new FakeClock(0);
    let rung = 0;
    clock.after(0, () => rung++);
    clock.after(-1, () => rung++);
    expect(rung).toBe(0);
    await clock.advance(0);
    expect(rung).toBe(2);
  });
});
