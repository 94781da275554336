/** Plain data, as YAML and JSON give it. What a module exports may hold more (plugins, classes): that is passed on untouched. */

/** True for `{}` of any realm; false for lists, instances of classes, functions. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** A copy with `change` made to every own value. Never assigns by key, so that `__proto__` stays a key (attack A10). */
export function mapValues(
  object: Readonly<Record<string, unknown>>,
  change: (value: unknown, key: string) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));
}

/** A copy without some keys. */
export function without(object: Readonly<Record<string, unknown>>, keys: Iterable<string>): Record<string, unknown> {
  const dropped = new Set(keys);
  return Object.fromEntries(Object.entries(object).filter(([key]) => !dropped.has(key)));
}
