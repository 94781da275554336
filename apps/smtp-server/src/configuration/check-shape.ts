/** Checks a configuration against its shape, and goes on with what is right in it, so that one run finds everything that is wrong. */
import type { Issue } from '@mailverb/core';
import { z } from 'zod';
import { issuesOf } from './issues.js';
import { isPlainObject, mapValues } from './tree.js';
import { joinPath, indexPath, keyPath } from './path.js';
import { configurationSchema, listenerSchema, type CheckedConfiguration, type Configuration } from './shape.js';

/** Issues, and what is left without the keys that they are about: undefined if nothing can be made of it. */
export interface ShapeResult {
  readonly issues: readonly Issue[];
  /** As written. */
  readonly configuration: Configuration | undefined;
  /** As validated. */
  readonly checked: CheckedConfiguration | undefined;
}

export function checkShape(tree: Readonly<Record<string, unknown>>): ShapeResult {
  const first = configurationSchema.safeParse(tree);
  if (first.success) return { issues: [], configuration: tree as Configuration, checked: first.data };
  const issues = issuesOf(first.error, tree, keysAt).map(misplaced);
  const pruned = prune(tree, '', new Set(first.error.issues.flatMap(pathsOf)));
  const second = configurationSchema.safeParse(pruned);
  if (!second.success) return { issues, configuration: undefined, checked: undefined };
  return { issues, configuration: pruned as Configuration, checked: second.data };
}

/** The keys that are known in the object at a path. */
export function keysAt(path: readonly PropertyKey[]): readonly string[] {
  let schema: unknown = configurationSchema;
  for (const part of path) {
    schema = unwrap(schema);
    if (schema instanceof z.ZodObject) schema = (schema.shape as Readonly<Record<PropertyKey, unknown>>)[part];
    else if (schema instanceof z.ZodArray) schema = schema.element;
    else return [];
  }
  schema = unwrap(schema);
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function unwrap(schema: unknown): unknown {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault) inner = inner.unwrap();
  return inner;
}

// `port: 25` at the top: not a slip of the pen, but the right key in the wrong place.
function misplaced(issue: Issue): Issue {
  if (issue.message !== 'unknown key' || !Object.hasOwn(listenerSchema.shape, issue.path)) return issue;
  return { path: issue.path, message: 'unknown key here: it belongs to one of the listeners' };
}

function pathsOf(issue: z.core.$ZodIssue): string[] {
  const path = joinPath('', withoutIndex(issue.path));
  return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => keyPath(path, key)) : [path];
}

// One wrong network, and the whole list is left out: half of it would be another list.
function withoutIndex(path: readonly PropertyKey[]): readonly PropertyKey[] {
  return typeof path.at(-1) === 'number' && path.length > 2 ? path.slice(0, -1) : path;
}

// List elements stay in their places: paths of later issues count on it.
function prune(value: unknown, path: string, wrong: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((element: unknown, i) => prune(element, indexPath(path, i), wrong));
  if (!isPlainObject(value)) return value;
  const kept = Object.fromEntries(Object.entries(value).filter(([key]) => !wrong.has(keyPath(path, key))));
  return mapValues(kept, (element, key) => prune(element, keyPath(path, key), wrong));
}
