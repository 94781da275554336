/** For specs: what a network does to bytes. */

/** The text as bytes, cut at the given places (taken modulo its length); pieces may be empty. */
export function pieces(text: string, at: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text, 'latin1');
  const ends = [...at.map((n) => n % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
}
