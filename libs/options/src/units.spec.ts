import fc from 'fast-check';
import { z } from 'zod';
import { duration, octets } from './units.js';

describe('duration', () => {
  it.each([
    ['0', 0],
    [0, 0],
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['1.5h', 5_400_000],
    ['0.0004s', 0],
    ['0s', 0],
  ])('reads %p as %p milliseconds', (text, ms) => {
    expect(duration().parse(text)).toBe(ms);
  });

  it.each([
    30,
    '30',
    '5 m',
    '5M',
    '-5m',
    '+5m',
    '5m30s',
    'm',
    '.5s',
    '5.s',
    '1e3s',
    '',
    ' 5m',
    '5m\n',
    '٣s',
    -1,
    1.5,
    null,
    true,
  ])('refuses %p', (value) => {
    expect(duration().safeParse(value).success).toBe(false);
  });

  it('says that a number needs its unit', () => {
    expect(duration().safeParse(30).error?.issues[0]?.message).toContain('a number needs its unit');
  });

  it('is what was written, for every unit', () => {
    const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
    fc.assert(
      fc.property(fc.nat(100_000), fc.constantFrom(...Object.entries(units)), (amount, [unit, factor]) => {
        expect(duration().parse(`${amount}${unit}`)).toBe(amount * factor);
      }),
    );
  });
});

describe('octets', () => {
  it.each([
    [0, 0],
    [1000, 1000],
    ['1000', 1000],
    ['512B', 512],
    ['100kB', 100_000],
    ['1MB', 1_000_000],
    ['1GB', 1_000_000_000],
    ['1KiB', 1024],
    ['25MiB', 25 * 1024 * 1024],
    ['1.5GiB', 1.5 * 1024 ** 3],
  ])('reads %p as %p', (text, size) => {
    expect(octets().parse(text)).toBe(size);
  });

  it.each(['25 MiB', '25mib', '25M', 'KiB', '-1', '1.5', '0x10', '1e6', '', -1, 0.5, undefined])(
    'refuses %p',
    (value) => {
      expect(octets().safeParse(value).success).toBe(false);
    },
  );
});

describe('both', () => {
  it.each([duration(), octets()])('refuse what no number can hold', (schema) => {
    const result = schema.safeParse(`${'9'.repeat(400)}${schema.safeParse('1s').success ? 'd' : 'GiB'}`);
    expect(result.error?.issues[0]?.message).toContain('too large');
    expect(schema.safeParse(`9007199254740993${schema.safeParse('1s').success ? 'ms' : 'B'}`).success).toBe(false);
  });

  it('give a safe integer or an error, whatever they get', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double(), fc.stringMatching(/^[\d.]{1,40}[a-zA-Z]{0,3}$/)), (value) => {
        for (const schema of [duration(), octets()]) {
          const result = schema.safeParse(value);
          if (result.success) {
            expect(Number.isSafeInteger(result.data)).toBe(true);
            expect(result.data).toBeGreaterThanOrEqual(0);
          }
        }
      }),
    );
  });

  it('can be described by a JSON Schema', () => {
    const schema = z.strictObject({ time: duration().default(1000), size: octets() });
    expect(z.toJSONSchema(schema, { io: 'input' })).toMatchObject({
      properties: { time: { description: expect.stringContaining('duration') } },
    });
  });
});
