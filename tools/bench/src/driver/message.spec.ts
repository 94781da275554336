import { mailData } from './message.js';

describe('mailData', () => {
  it.each([1024, 1025, 1101, 10_240, 102_400])('makes %i octets of lines that end and are not too long', (size) => {
    for (const dots of [false, true]) {
      const text = mailData(size, dots).toString('latin1');
      expect(text).toHaveLength(size);
      expect(text.endsWith('\r\n')).toBe(true);
      const lines = text.split('\r\n');
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
      // A line with a single dot would end it early; one that begins with a single dot would lose it.
      expect(lines.filter((line) => /^\.(?!\.)/.test(line))).toEqual([]);
      expect(lines.some((line) => line.startsWith('..'))).toBe(dots);
    }
  });

  it('refuses a size that the header does not fit in', () => {
    expect(() => mailData(100, false)).toThrow(RangeError);
  });
});
