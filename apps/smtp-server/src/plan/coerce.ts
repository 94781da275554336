/**
 * Numbers and truth values from references. `${env:PORT}` gives text, whatever is in it; where a schema wants a number or a boolean and the
 * reference is the whole value, its text may be read as one. The schema decides: a password of digits stays text.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { indexPath, joinPath, keyPath } from '../configuration/path.js';
import type { Referenced } from '../configuration/references.js';
import { isPlainObject, mapValues } from '../configuration/tree.js';

/** A copy of `value` in which references that the schema refused as text are numbers or booleans, where they can be. */
export async function coerceReferences(
  value: unknown,
  path: string,
  schema: StandardSchemaV1,
  referenced: ReadonlyMap<string, Referenced>,
): Promise<unknown> {
  if (referenced.size === 0) return value;
  const result = await schema['~standard'].validate(value);
  if (result.issues === undefined) return value;
  const scalars = new Map<string, number | boolean>();
  for (const { path: parts = [] } of result.issues) {
    const at = joinPath(path, parts.map(keyOf));
    const reference = referenced.get(at);
    const scalar = reference?.whole === true ? scalarOf(reference.text) : undefined;
    if (scalar !== undefined) scalars.set(at, scalar);
  }
  return scalars.size === 0 ? value : replaceAt(value, path, scalars);
}

/** A copy with the values at some paths replaced. */
function replaceAt(value: unknown, path: string, by: ReadonlyMap<string, unknown>): unknown {
  if (by.has(path)) return by.get(path);
  if (Array.isArray(value)) return value.map((element: unknown, i) => replaceAt(element, indexPath(path, i), by));
  if (isPlainObject(value)) return mapValues(value, (element, key) => replaceAt(element, keyPath(path, key), by));
  return value;
}

function keyOf(part: PropertyKey | StandardSchemaV1.PathSegment): PropertyKey {
  return typeof part === 'object' ? part.key : part;
}

function scalarOf(text: string): number | boolean | undefined {
  if (text === 'true') return true;
  if (text === 'false') return false;
  return /^-?\d{1,15}(?:\.\d{1,15})?$/.test(text) ? Number(text) : undefined;
}
