/** The arithmetic of counts. */
import fc from 'fast-check';
import { decodeCount, encodeCount, isLocked, keep, withFailure, withoutFailure, type Count } from './count.js';

const RULES = { limit: 3, window: 1000, lockout: 2000 };

const times = fc.integer({ min: 0, max: 4_000_000_000_000 });
const counts = fc.record({ failures: fc.nat(1000), since: times, last: times, familiarUntil: times });

function after(...at: readonly number[]): Count {
  let count: Count | undefined;
  for (const now of at) count = withFailure(count, now, RULES);
  if (count === undefined) throw new Error('of nothing');
  return count;
}

describe('a count', () => {
  it('is read as it was written, from any place in memory', () => {
    fc.assert(
      fc.property(counts, fc.nat(7), (count, offset) => {
        const memory = new Uint8Array(64).fill(255);
        memory.set(encodeCount(count), offset);
        expect(decodeCount(memory.subarray(offset, offset + 28))).toEqual(count);
      }),
    );
  });

  it.each([0, 1, 27, 29])('is not of %i octets', (length) => {
    expect(() => decodeCount(new Uint8Array(length))).toThrow('something else');
  });

  it('locks at its limit, until the lockout is over', () => {
    const count = after(0, 10, 20);
    expect(isLocked(undefined, 0, RULES)).toBe(false);
    expect(isLocked(after(0, 10), 10, RULES)).toBe(false);
    expect([20, 2019, 2020].map((now) => isLocked(count, now, RULES))).toEqual([true, true, false]);
    expect(isLocked(count, 20, { ...RULES, limit: 0 })).toBe(false);
  });

  it('begins anew after the window, and after a lockout', () => {
    expect(after(0, 999)).toMatchObject({ failures: 2, since: 0, last: 999 });
    expect(after(0, 1000)).toMatchObject({ failures: 1, since: 1000, last: 1000 });
    expect(after(0, 10, 20, 2020)).toMatchObject({ failures: 1, since: 2020 });
    // Long locked, within its window.
    expect(withFailure(after(0, 10, 20), 500, { ...RULES, lockout: 100 })).toMatchObject({ failures: 1, since: 500 });
  });

  it('is one less where it was counted in the same window', () => {
    expect(withoutFailure(after(0, 10), 0)).toMatchObject({ failures: 1, since: 0, last: 10 });
    expect(withoutFailure(after(0, 1000), 0)).toMatchObject({ failures: 1, since: 1000 });
    expect(withoutFailure({ ...after(0), failures: 0 }, 0).failures).toBe(0);
  });

  it('is kept as long as it matters', () => {
    expect(keep(after(100), 100, RULES)?.ttlMs).toBe(1000);
    expect(keep(after(100, 300), 300, RULES)?.ttlMs).toBe(800);
    expect(keep(after(0, 10, 20), 20, RULES)?.ttlMs).toBe(2000);
    expect(keep(after(100), 1100, RULES)).toBeUndefined();
    expect(keep(withoutFailure(after(100), 100), 100, RULES)).toBeUndefined();
    expect(keep({ ...after(100), failures: 0, familiarUntil: 5000 }, 100, RULES)?.ttlMs).toBe(4900);
  });

  it('never allows more than the limit in a window and a lockout, whatever the times', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(700), { maxLength: 60 }), (steps) => {
        let count: Count | undefined;
        let now = 0;
        const allowed: number[] = [];
        for (const step of steps) {
          now += step;
          if (isLocked(count, now, RULES)) continue;
          count = withFailure(count, now, RULES);
          allowed.push(now);
        }
        // A window that begins anew may be next to the one before: twice the limit, less one, in any window.
        for (const from of allowed) {
          const within = allowed.filter((time) => time >= from && time < from + RULES.window);
          expect(within.length).toBeLessThan(2 * RULES.limit);
        }
      }),
    );
  });
});
