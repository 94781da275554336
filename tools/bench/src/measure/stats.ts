/** The few numbers that are made of many. */

/** The value below which `percent` of the sorted values lie. */
export function percentile(sorted: ArrayLike<number>, percent: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? NaN;
}

/** The middle value; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  if (Number.isInteger(half)) return ((sorted[half - 1] ?? NaN) + (sorted[half] ?? NaN)) / 2;
  return sorted[Math.floor(half)] ?? NaN;
}

/** True if the last `count` values lie within `tolerance` (0.03 is 3 %) of their median. */
export function isFlat(values: readonly number[], count: number, tolerance: number): boolean {
  if (values.length < count) return false;
  const last = values.slice(-count);
  return Math.max(...last) - Math.min(...last) < tolerance * median(last);
}
