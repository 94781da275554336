import { isFlat, median, percentile } from './stats.js';

describe('stats', () => {
  it('takes the middle', () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it('takes percentiles of sorted values', () => {
    const values = Array.from({ length: 100 }, (_, i) => i + 1);
    expect(percentile(values, 50)).toBe(51);
    expect(percentile(values, 99)).toBe(100);
    expect(percentile([7], 99)).toBe(7);
  });

  it('calls windows flat by the last ones only', () => {
    expect(isFlat([9, 1, 1.01, 1.02], 3, 0.03)).toBe(true);
    expect(isFlat([1, 1.01, 1.04], 3, 0.03)).toBe(false);
    expect(isFlat([1, 1], 3, 0.03)).toBe(false);
  });
});
