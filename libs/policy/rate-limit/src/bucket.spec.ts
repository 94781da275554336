/** The arithmetic of a token bucket, against one that counts in whole numbers only. */
import fc from 'fast-check';
import {
  decodeBucket,
  encodeBucket,
  keep,
  refilled,
  returned,
  taken,
  waitFor,
  type Bucket,
  type BucketRules,
} from './bucket.js';

const NOW = Date.UTC(2026, 0, 1);
const rules: BucketRules = { limit: 100, per: 3_600_000, burst: 20 };

const rulesArb = fc.record({
  limit: fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 2 ** 40 })),
  per: fc.oneof(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: 86_400_000 })),
  burst: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 2 ** 40 })),
});

describe('a bucket', () => {
  it('is 14 octets, and is read as it was written', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
        fc.integer({ min: 0, max: 2 ** 48 - 1 }),
        (used, at) => {
          const value = encodeBucket({ used, at });
          expect(value).toHaveLength(14);
          // Stores give views of larger memory.
          const view = new Uint8Array(40).fill(7);
          view.set(value, 9);
          expect(decodeBucket(view.subarray(9, 23))).toEqual({ used: used + 0, at });
        },
      ),
    );
  });

  it.each([new Uint8Array(0), new Uint8Array(13), new Uint8Array(15), new Uint8Array(14).fill(255)])(
    'is not what is none: %p',
    (value) => {
      expect(() => decodeBucket(value)).toThrow('something else');
    },
  );

  it('has all of its tokens at first, and gives no more', () => {
    let bucket: Bucket | undefined = refilled(undefined, NOW, rules);
    for (let i = 0; i < 20; i++) {
      bucket = taken(refilled(bucket, NOW, rules), 1, rules);
      expect(bucket?.used).toBe(i + 1);
    }
    expect(taken(refilled(bucket, NOW, rules), 1, rules)).toBeUndefined();
  });

  it('has one more when it is time, and no sooner', () => {
    const empty = { used: 20, at: NOW };
    const takenAt = (ms: number) => taken(refilled(empty, NOW + ms, rules), 1, rules);
    expect(waitFor(empty, 1, NOW, rules)).toBe(36_000);
    expect(takenAt(35_999)).toBeUndefined();
    expect(takenAt(36_000)).toBeDefined();
  });

  it('is kept until it is full, and not any longer', () => {
    expect(keep({ used: 20, at: NOW }, NOW, rules)?.ttlMs).toBe(720_000);
    expect(keep({ used: 20, at: NOW }, NOW + 700_000, rules)?.ttlMs).toBe(20_000);
    expect(keep({ used: 20, at: NOW }, NOW + 720_000, rules)).toBeUndefined();
    expect(keep({ used: 0, at: NOW }, NOW, rules)).toBeUndefined();
  });

  it('gets nothing from a clock that runs behind, and is as it is now if it was written by one that was wrong', () => {
    const ahead = { used: 20, at: NOW + 5000 };
    expect(refilled(ahead, NOW, rules)).toEqual(ahead);
    expect(keep(ahead, NOW, rules)?.ttlMs).toBe(725_000);
    // Two clocks that take turns refill it no faster than one.
    expect(refilled(refilled(ahead, NOW, rules), NOW + 5000, rules)).toEqual(ahead);
    expect(refilled({ used: 20, at: NOW + 4_000_000 }, NOW, rules)).toEqual({ used: 20, at: NOW });
  });

  it('takes as one that counts in whole numbers, at every time', () => {
    const step = fc.tuple(
      fc.oneof(fc.nat(3), fc.nat(100_000)),
      fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 2 ** 40 })),
    );
    fc.assert(
      fc.property(rulesArb, fc.array(step, { maxLength: 60 }), (some, steps) => {
        let now = NOW;
        let kept: Bucket | undefined;
        // In parts of a token, of which it has `per`.
        const [limit, per] = [BigInt(some.limit), BigInt(some.per)];
        let exact = 0n;
        for (const [ms, amount] of steps) {
          now += ms;
          exact = exact > BigInt(ms) * limit ? exact - BigInt(ms) * limit : 0n;
          const bucket = refilled(kept, now, some);
          const after = taken(bucket, amount, some);
          const room = BigInt(some.burst) * per - exact - BigInt(amount) * per;
          // A hair's breadth is what doubles round; nobody can tell on which side of it.
          const hair = (BigInt(some.burst) * per) / 1_000_000_000n + 1n;
          if (room >= hair) expect(after).toBeDefined();
          if (room < -hair) expect(after).toBeUndefined();
          if (after !== undefined) {
            exact += BigInt(amount) * per;
            kept = after;
          }
        }
      }),
    );
  });

  it('has never more than if nothing had been taken, when something is put back', () => {
    const step = fc.tuple(fc.nat(10_000), fc.integer({ min: 0, max: 5 }));
    fc.assert(
      fc.property(
        rulesArb,
        fc.integer({ min: 1, max: 10 }),
        fc.array(step, { maxLength: 20 }),
        fc.array(step, { maxLength: 20 }),
        (some, amount, before, between) => {
          let now = NOW;
          let other: Bucket = { used: 0, at: now };
          for (const [ms, more] of before) {
            now += ms;
            other = refilled(other, now, some);
            other = taken(other, more, some) ?? other;
          }
          let held = taken(other, amount, some);
          fc.pre(held !== undefined);
          const heldAt = now;
          for (const [ms, more] of between) {
            now += ms;
            held = refilled(held, now, some);
            other = refilled(other, now, some);
            const next = taken(held, more, some);
            if (next === undefined) continue;
            held = next;
            other = { used: other.used + more, at: now };
          }
          const back = returned(refilled(held, now, some), amount, now - heldAt, some);
          expect(back.used).toBeGreaterThanOrEqual(refilled(other, now, some).used - some.burst * 1e-9);
          // At once it is all of it.
          if (now === heldAt && held !== undefined) expect(back.used).toBeCloseTo(Math.max(0, held.used - amount), 6);
        },
      ),
    );
  });
});
