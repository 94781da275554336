/** A validator's findings as issues in the words of this server. */
import { nearest, type Issue } from '@mailverb/core';
import type { z } from 'zod';
import { joinPath, keyPath } from './path.js';

const TYPES: ReadonlyMap<string, string> = new Map([
  ['string', 'text'],
  ['number', 'a number'],
  ['int', 'a whole number'],
  ['boolean', 'true or false'],
  ['array', 'a list'],
  ['object', 'an object (keys and values)'],
]);

/**
 * @param input what was validated, for the values.
 * @param keysAt the keys that are known in the object at a path, for the nearest one.
 */
export function issuesOf(
  error: z.ZodError,
  input: unknown,
  keysAt: (path: readonly PropertyKey[]) => readonly string[],
  basePath = '',
): Issue[] {
  return error.issues.flatMap((found): Issue[] => {
    const path = joinPath(basePath, found.path);
    const value = valueAt(input, found.path);
    switch (found.code) {
      case 'unrecognized_keys':
        return found.keys.map((key) => ({
          path: keyPath(path, key),
          message: 'unknown key',
          nearest: nearest(key, keysAt(found.path)),
        }));
      case 'invalid_type': {
        const expected = `expected ${TYPES.get(found.expected) ?? found.expected}`;
        return [value === undefined ? { path, message: `missing: ${expected}` } : { path, message: expected, value }];
      }
      case 'invalid_value': {
        const names = found.values.map(String);
        return [
          {
            path,
            message: `expected one of ${names.join(', ')}`,
            value,
            nearest: typeof value === 'string' ? nearest(value, names) : undefined,
          },
        ];
      }
      case 'too_small':
      case 'too_big': {
        const [comparison, limit] =
          found.code === 'too_small' ? ['at least', found.minimum] : ['at most', found.maximum];
        const unit = unitOf(found.origin, found.code === 'too_small' ? found.minimum : found.maximum);
        const sign = found.inclusive === false ? (found.code === 'too_small' ? 'more than' : 'less than') : comparison;
        return [{ path, message: `expected ${sign} ${limit}${unit}`, value }];
      }
      default:
        return [{ path, message: found.message, value }];
    }
  });
}

/** What stands at a path, as far as it goes. */
export function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Readonly<Record<PropertyKey, unknown>>)[key]
        : undefined,
    input,
  );
}

function unitOf(origin: string, count: number | bigint): string {
  const noun =
    origin === 'array' ? ['entry', 'entries'] : origin === 'string' ? ['character', 'characters'] : undefined;
  return noun === undefined ? '' : ` ${count === 1 ? noun[0] : noun[1]}`;
}
