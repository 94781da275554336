/** Durations and sizes as people write them: `5m`, `25MiB`. */
import { z } from 'zod';

const DURATION: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);
const SIZE: ReadonlyMap<string, number> = new Map([
  // A plain number is octets, also where it came as text (from the environment).
  ['', 1],
  ['B', 1],
  ['kB', 1000],
  ['MB', 1000 ** 2],
  ['GB', 1000 ** 3],
  ['KiB', 1024],
  ['MiB', 1024 ** 2],
  ['GiB', 1024 ** 3],
]);

/** `500ms`, `30s`, `5m`, `2h`, `1d`; 0 needs no unit. Gives milliseconds. */
export function duration() {
  return withUnit('a duration such as 30s, 5m or 2h', DURATION);
}

/** `512B`, `100kB`, `25MiB`; a plain number is octets. Gives octets. */
export function octets() {
  return withUnit('a size such as 512B, 100kB or 25MiB', SIZE);
}

function withUnit(expected: string, units: ReadonlyMap<string, number>) {
  const error = `expected ${expected}`;
  const plain = units.has('');
  const pattern = new RegExp(
    `^(?:0|\\d+(?:\\.\\d+)?(?:${[...units.keys()].filter(Boolean).join('|')})${plain ? '|\\d+' : ''})$`,
  );
  return z
    .union([z.number().int().nonnegative(), z.string().regex(pattern, { error })], { error })
    .transform((value, context) => {
      const amount = typeof value === 'number' ? value : Number.parseFloat(value);
      const unit = typeof value === 'number' ? '' : value.replace(/^[\d.]+/, '');
      const factor = amount === 0 ? 0 : units.get(unit);
      if (factor === undefined) {
        context.addIssue({ code: 'custom', message: `expected ${expected}; a number needs its unit` });
        return z.NEVER;
      }
      const result = Math.round(amount * factor);
      // Beyond this a number is not what was written any more.
      if (!Number.isSafeInteger(result)) {
        context.addIssue({ code: 'custom', message: `expected ${expected}; this is too large` });
        return z.NEVER;
      }
      return result;
    })
    .meta({ description: expected });
}
