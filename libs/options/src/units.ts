/** Durations and sizes as people write them: `5m`, `25MiB`. */
import { z } from 'zod';

const DURATION: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const SIZE: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

/** `500ms`, `30s`, `5m`, `2h`, `1d`; 0 needs no unit. Gives milliseconds. */
export function duration() {
  return withUnit('a duration such as 30s, 5m or 2h', DURATION);
}

/** `512B`, `100kB`, `25MiB`; a plain number is octets. Gives octets. */
export function octets() {
  return withUnit('a size such as 512B, 100kB or 25MiB', SIZE, true);
}

function withUnit(expected: string, units: Readonly<Record<string, number>>, plain = false) {
  const pattern = new RegExp(`^(?:0|\\d+(?:\\.\\d+)?(?:${Object.keys(units).join('|')}))$`);
  return z
    .union([z.number().int().nonnegative(), z.string().regex(pattern)], { error: `expected ${expected}` })
    .transform((value, context) => {
      if (typeof value === 'number') {
        if (plain || value === 0) return value;
        context.addIssue({ code: 'custom', message: `expected ${expected}; a number needs its unit` });
        return z.NEVER;
      }
      const number = Number.parseFloat(value);
      const unit = value.replace(/^[\d.]+/, '');
      return Math.round(number * (units[unit] ?? 1));
    })
    .meta({ description: expected });
}
