/** Plugin instances: uses of plugins with their options validated, those that stand within their options too. Collecting does no I/O. */
import type { DeliveryStrategy, Plugin, PluginUse, Policy } from '@mailverb/contract';
import { Contributions } from './contributions.js';
import type { Issue } from './plan.js';
import { join, validate } from './validate.js';

/** What may stand nested in a plugin's options. */
export type NestedKind = 'delivery' | 'policy';

/** A nested place: another plugin's instance, or a strategy or policy that was made by hand. */
export interface NestedInstance {
  readonly keys: readonly (string | number)[];
  readonly kind: NestedKind;
  readonly value: Instance | DeliveryStrategy | Policy;
}

/** One use of a plugin, validated. */
export class Instance {
  constructor(
    readonly plugin: Plugin,
    readonly use: PluginUse,
    readonly path: string,
    /** As the schema gave them out; nested places still hold what was written. */
    readonly options: unknown,
    readonly nested: readonly NestedInstance[],
    readonly transforms: readonly Instance[],
    readonly contributions: Contributions,
  ) {}
}

/** Validates a use and everything in it. Adds what is wrong to `issues`, and gives undefined if that is the plugin itself. */
export async function instantiate(use: PluginUse, path: string, issues: Issue[]): Promise<Instance | undefined> {
  const { plugin } = use;
  const before = issues.length;
  const nested: NestedInstance[] = [];
  for (const [pattern, kind] of Object.entries(plugin.nested ?? {})) {
    for (const { keys, value } of find(use.options, pattern)) {
      const found = await nestedAt(value, kind, join(path, keys), issues);
      if (found !== undefined) nested.push({ keys, kind, value: found });
    }
  }
  const transforms: Instance[] = [];
  for (const [i, transform] of (use.transforms ?? []).entries()) {
    const at = transform.path ?? join(path, ['transforms', i]);
    const instance = await instantiate(transform, at, issues);
    if (instance === undefined) continue;
    if (instance.contributions.transforms.length === 0) {
      issues.push({ path: at, message: `expected a transform, but plugin ${transform.plugin.name} contributes none` });
    }
    transforms.push(instance);
  }
  const options = await validate(plugin.options, use.options, path, issues);
  let contributions: Contributions;
  try {
    contributions = Contributions.of(plugin);
  } catch (error) {
    issues.push({ path, message: `plugin ${plugin.name} failed to register: ${messageOf(error)}` });
    return undefined;
  }
  if (issues.length > before) return undefined;
  return new Instance(plugin, use, path, options, nested, transforms, contributions);
}

/** The message of whatever was thrown, as one line. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, ' ');
}

/** A copy of `value` in which what stands at `keys` is `replacement`. */
export function replaceAt(value: unknown, keys: readonly (string | number)[], replacement: unknown): unknown {
  const [key, ...rest] = keys;
  if (key === undefined) return replacement;
  if (Array.isArray(value)) return value.map((item, i) => (i === key ? replaceAt(item, rest, replacement) : item));
  const object = value as Readonly<Record<string, unknown>>;
  return { ...object, [key]: replaceAt(object[key], rest, replacement) };
}

async function nestedAt(
  value: unknown,
  kind: NestedKind,
  path: string,
  issues: Issue[],
): Promise<NestedInstance['value'] | undefined> {
  if (isPluginUse(value)) {
    const at = value.path ?? path;
    if (value.mode !== undefined || value.budgetMs !== undefined) {
      issues.push({
        path: at,
        message: 'a policy within another has no mode and no budget of its own: say them outside',
      });
    }
    const instance = await instantiate(value, at, issues);
    const count = instance?.contributions[kind === 'delivery' ? 'deliveries' : 'policies'].length;
    if (count === undefined || count === 1) return instance;
    issues.push({
      path: at,
      message: `expected a ${kind}, but plugin ${value.plugin.name} contributes ${count || 'none'}`,
    });
    return undefined;
  }
  if (typeof value === 'object' && value !== null) return value as DeliveryStrategy | Policy;
  issues.push({ path, message: `expected a ${kind}`, ...(typeof value === 'string' ? { value } : {}) });
  return undefined;
}

function isPluginUse(value: unknown): value is PluginUse {
  if (typeof value !== 'object' || value === null || !('plugin' in value)) return false;
  const { plugin } = value;
  return typeof plugin === 'object' && plugin !== null && 'register' in plugin;
}

/** The values at a pattern such as `routes[].to`. Places that are not there are the schema's business. */
function find(root: unknown, pattern: string): { keys: (string | number)[]; value: unknown }[] {
  let places: { keys: (string | number)[]; value: unknown }[] = [{ keys: [], value: root }];
  for (const step of pattern.split(/(\[\])|\./).filter((part) => part !== undefined && part !== '')) {
    places = places.flatMap(({ keys, value }) => {
      if (step === '[]')
        return Array.isArray(value) ? value.map((item, i) => ({ keys: [...keys, i], value: item })) : [];
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return [];
      return [{ keys: [...keys, step], value: (value as Readonly<Record<string, unknown>>)[step] }];
    });
  }
  return places.filter(({ value }) => value !== undefined);
}
