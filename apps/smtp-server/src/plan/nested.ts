/** Plugins that are named within the options of others: where a manifest's `nested` says that they are. */
import { indexPath, keyPath } from '../configuration/path.js';
import { isPlainObject } from '../configuration/tree.js';

/**
 * A copy of `options` with whatever stands at `pattern` replaced.
 * @param pattern keys joined by dots, `[]` behind the ones that hold lists: `routes[].to`, `then[]`.
 * @param replace given the value and its path; undefined and null are not asked about.
 */
export async function replaceNested(
  options: unknown,
  pattern: string,
  path: string,
  replace: (value: unknown, path: string) => Promise<unknown>,
): Promise<unknown> {
  const steps = pattern.split('.').flatMap((part) => {
    const key = part.replace(/(?:\[\])+$/, '');
    const lists = (part.length - key.length) / 2;
    return [key, ...Array.from({ length: lists }, () => EACH)];
  });
  return walk(options, steps, 0, path, replace);
}

const EACH = '[]';

async function walk(
  value: unknown,
  steps: readonly string[],
  at: number,
  path: string,
  replace: (value: unknown, path: string) => Promise<unknown>,
): Promise<unknown> {
  if (value === undefined || value === null) return value;
  const step = steps[at];
  if (step === undefined) return replace(value, path);
  if (step === EACH) {
    // Something else than a list is for the plugin's schema to say.
    if (!Array.isArray(value)) return value;
    const list: readonly unknown[] = value;
    return Promise.all(list.map((element, i) => walk(element, steps, at + 1, indexPath(path, i), replace)));
  }
  if (!isPlainObject(value) || !Object.hasOwn(value, step)) return value;
  const changed = await walk(value[step], steps, at + 1, keyPath(path, step), replace);
  return Object.fromEntries(Object.entries(value).map(([key, old]) => [key, key === step ? changed : old]));
}
