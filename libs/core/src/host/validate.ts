/** Validates options with their Standard Schema, and turns what is wrong into issues with paths and nearest names. */
import { causeOf } from '../plugin-answers.js';
import { nearest } from './nearest.js';
import type { Issue } from './plan.js';

/** What is needed of a Standard Schema validator, and of its optional JSON Schema side. */
interface Validator {
  readonly '~standard': {
    readonly validate: (value: unknown) => StandardResult | PromiseLike<StandardResult>;
    readonly jsonSchema?: {
      readonly input: (options: {
        readonly target: string;
        readonly libraryOptions?: Record<string, unknown>;
      }) => unknown;
    };
  };
}

type StandardResult =
  { readonly value: unknown; readonly issues?: undefined } | { readonly issues: readonly StandardIssue[] };

interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
  /** zod's: the keys that it does not know. */
  readonly keys?: readonly string[];
}

const SECRET = /pass|secret|token|credential|key$/i;

/** The validated value, or undefined with what is wrong added to `issues`. */
export async function validate(
  schema: Validator | undefined,
  value: unknown,
  path: string,
  issues: Issue[],
): Promise<unknown> {
  if (schema === undefined) {
    for (const key of Object.keys(asObject(value))) {
      issues.push({ path: join(path, [key]), message: 'unknown option: there are none here' });
    }
    return {};
  }
  let result: StandardResult;
  try {
    result = await schema['~standard'].validate(value);
  } catch (error) {
    issues.push({ path, message: `the options could not be validated: ${causeOf(error)}` });
    return undefined;
  }
  if (result.issues === undefined) return result.value;
  for (const issue of result.issues) issues.push(...describe(schema, issue, value, path));
  return undefined;
}

/** `a.b[0].c` from a base and keys. */
export function join(base: string, keys: readonly PropertyKey[]): string {
  let path = base;
  for (const key of keys) {
    if (typeof key === 'number') path += `[${key}]`;
    else path += path === '' ? String(key) : `.${String(key)}`;
  }
  return path;
}

function describe(schema: Validator, issue: StandardIssue, root: unknown, base: string): Issue[] {
  const keys = (issue.path ?? []).map((part) => (typeof part === 'object' ? part.key : part));
  if (issue.keys !== undefined) {
    const known = knownKeys(schema, keys);
    return issue.keys.map((key) => ({
      path: join(base, [...keys, key]),
      message: known.length === 0 ? 'unknown option' : `unknown option; known are ${known.join(', ')}`,
      ...near(nearest(key, known)),
    }));
  }
  const value = at(root, keys);
  const shown = shownValue(value, keys);
  const choices = allowedValues(schema, keys);
  const message = issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
  return [
    {
      path: join(base, keys),
      message: value === undefined ? missing(message) : message,
      ...(shown === undefined ? {} : { value: shown }),
      ...near(typeof value === 'string' ? nearest(value, choices) : undefined),
    },
  ];
}

/** zod says `expected string, received undefined`: what is received is not news. */
function missing(message: string): string {
  return `${message.replace(/, received undefined$/, '').replace(/^invalid input: /, '')} (it is missing)`;
}

function near(name: string | undefined): { nearest?: string } {
  return name === undefined ? {} : { nearest: name };
}

/** Only what fits a line and is no secret. */
function shownValue(value: unknown, keys: readonly PropertyKey[]): unknown {
  if (keys.some((key) => typeof key === 'string' && SECRET.test(key))) return undefined;
  if (typeof value === 'string') return value.length > 80 ? `${value.slice(0, 77)}...` : value;
  return typeof value === 'number' || typeof value === 'boolean' || value === null ? value : undefined;
}

function at(root: unknown, keys: readonly PropertyKey[]): unknown {
  let value = root;
  for (const key of keys) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function knownKeys(schema: Validator, keys: readonly PropertyKey[]): readonly string[] {
  return subschemas(schema, keys).flatMap((node) => Object.keys(asObject(node['properties'])));
}

function allowedValues(schema: Validator, keys: readonly PropertyKey[]): readonly string[] {
  return subschemas(schema, keys).flatMap((node) => {
    const choices = Array.isArray(node['enum']) ? node['enum'] : [node['const']];
    return choices.filter((choice): choice is string => typeof choice === 'string');
  });
}

/** The JSON Schemas that stand at a path, for validators that can give theirs. */
function subschemas(schema: Validator, keys: readonly PropertyKey[]): Record<string, unknown>[] {
  let root: unknown;
  try {
    // zod's option: places for nested plugins have no JSON form, and must not keep the rest from having one.
    const libraryOptions = { unrepresentable: 'any' };
    root = schema['~standard'].jsonSchema?.input({ target: 'draft-2020-12', libraryOptions });
  } catch {
    // A schema that has no JSON form still validates: there is only nothing to suggest.
    return [];
  }
  let nodes = alternatives(root);
  for (const key of keys) {
    nodes = nodes.flatMap((node) =>
      alternatives(typeof key === 'number' ? node['items'] : asObject(node['properties'])[String(key)]),
    );
  }
  return nodes;
}

function alternatives(node: unknown): Record<string, unknown>[] {
  const object = asObject(node);
  const choices = [object['anyOf'], object['oneOf'], object['allOf']].filter((list) => Array.isArray(list)).flat();
  return [object, ...choices.flatMap(alternatives)];
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
