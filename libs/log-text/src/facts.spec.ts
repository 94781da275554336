import { endpoint, isoTime } from './facts.js';

describe('isoTime', () => {
  it('is the time in UTC', () => {
    expect(isoTime(0)).toBe('1970-01-01T00:00:00.000Z');
    expect(isoTime(1_700_000_000_123)).toBe('2023-11-14T22:13:20.123Z');
    expect(isoTime(1_700_000_000_123)).toBe('2023-11-14T22:13:20.123Z');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1e20, 1e20])('has no opinion on %s', (ms) => {
    expect(isoTime(ms)).toBe('-');
  });
});

describe('endpoint', () => {
  it.each([
    ['192.0.2.1', 25, '192.0.2.1:25'],
    ['2001:db8::1', 25, '[2001:db8::1]:25'],
    ['', 0, 'unix'],
  ])('%s and %s: %s', (address, port, text) => {
    expect(endpoint(address, port)).toBe(text);
  });
});
