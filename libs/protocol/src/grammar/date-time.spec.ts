/** Dates: fixed ones, and that every one can be read again. */
import fc from 'fast-check';
import { formatDateTime } from './date-time.js';

describe('formatDateTime', () => {
  it.each([
    [0, 'Thu, 1 Jan 1970 00:00:00 +0000'],
    [Date.UTC(2028, 1, 29, 23, 59, 59), 'Tue, 29 Feb 2028 23:59:59 +0000'],
    [Date.UTC(2026, 6, 5, 3, 4, 5), 'Sun, 5 Jul 2026 03:04:05 +0000'],
  ])('%p is %s', (ms, expected) => {
    expect(formatDateTime(ms)).toBe(expected);
  });

  it('can be read again', () => {
    const seconds = fc.integer({ min: 0, max: 4_102_444_800 });
    fc.assert(fc.property(seconds, (at) => expect(Date.parse(formatDateTime(at * 1000 + 999))).toBe(at * 1000)));
  });
});
