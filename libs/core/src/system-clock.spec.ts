/** The real clock: the only spec that meets it. */
import { SystemClock } from './system-clock.js';

/** An alarm does not keep the process alive: here something else must. */
async function rings(set: (ring: () => void) => void): Promise<void> {
  const keeper = setInterval(() => {}, 1000);
  await new Promise<void>(set);
  clearInterval(keeper);
}

describe('SystemClock', () => {
  it('knows the time, and rings', async () => {
    const clock = new SystemClock();
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1000);
    await rings((ring) => clock.after(0, ring));
  });

  it('does not ring once it is cancelled, however often', async () => {
    const clock = new SystemClock();
    let rung = false;
    const alarm = clock.after(0, () => (rung = true));
    alarm.cancel();
    alarm.cancel();
    // Set later for the same time, so it rings later.
    await rings((ring) => clock.after(0, ring));
    expect(rung).toBe(false);
  });

  it('does not keep the process alive', () => {
    const set = jest.spyOn(globalThis, 'setTimeout');
    const alarm = new SystemClock().after(600_000, () => {});
    const timer = set.mock.results[0]?.value as NodeJS.Timeout;
    set.mockRestore();
    expect(timer.hasRef()).toBe(false);
    alarm.cancel();
  });
});
