/**
 * The JSON Schema of the whole configuration file, for editors: made from our own shape and from the schemas of the built-in plugins.
 *
 * What this server knows is described exactly; a plugin that is named by a path or a package may have any options. Wherever a scalar is
 * wanted a reference may stand, which is a string: `port: ${env:PORT}`.
 */
import { configurationSchema, type EntryKind } from '../configuration/shape.js';
import { BUILTIN_KINDS, nameAmongAll } from '../plugins/builtins.js';
import { loadBuiltins, type LoadedBuiltin } from './builtin-plugins.js';
import { jsonSchemaOf, optionsOf, type JsonSchema } from './option-schema.js';

const REFERENCE: JsonSchema = {
  description: 'A value from the environment or a file: ${env:NAME}, ${env:NAME:-default}, ${file:PATH}.',
  type: 'string',
  pattern: '\\$\\{(env|file):',
};

/** A name that is a path, a URL or a package's. */
const FOREIGN: JsonSchema = {
  description: 'A file (./my-plugin.mjs) or an installed package.',
  type: 'string',
  minLength: 1,
};

/** Keys that are ours in every entry of a kind. */
export const GENERIC_KEYS: Readonly<Partial<Record<EntryKind, Readonly<Record<string, JsonSchema>>>>> = {
  policy: {
    mode: {
      description: '`dry-run` asks the policy and logs what it says, but does not use it.',
      type: 'string',
      enum: ['enforce', 'dry-run'],
      default: 'enforce',
    },
    budget: {
      description: 'How long it may think at each stage; default `timeouts.policy`.',
      type: 'string',
      pattern: '^(?:0|\\d+(?:\\.\\d+)?(?:ms|s|m|h|d))$',
    },
  },
  delivery: {
    transforms: {
      description: 'Transforms that only what goes this way passes, such as `return-path`.',
      type: 'array',
      items: { mailverb: 'transform' },
    },
  },
};

/** Loads every built-in plugin. */
export async function configurationJsonSchema(): Promise<JsonSchema> {
  return buildJsonSchema(await loadBuiltins());
}

export function buildJsonSchema(builtins: readonly LoadedBuiltin[]): JsonSchema {
  const definitions: Record<string, JsonSchema> = { reference: REFERENCE };
  for (const kind of BUILTIN_KINDS)
    definitions[kind] = entrySchema(
      kind,
      builtins.filter((one) => one.kind === kind),
    );
  definitions['plugin'] = entrySchema('plugin', builtins);
  for (const builtin of builtins) definitions[definitionName(builtin)] = withMarksResolved(usedSchema(builtin));
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Configuration of mailverb-smtp',
    ...withMarksResolved(jsonSchemaOf(configurationSchema)),
    $defs: definitions,
  };
}

function definitionName({ kind, name }: LoadedBuiltin): string {
  return `${kind}-${name}`;
}

// A name, or an object whose `use` decides what else may stand in it.
function entrySchema(kind: EntryKind, builtins: readonly LoadedBuiltin[]): JsonSchema {
  const nameOf = (builtin: LoadedBuiltin) =>
    kind === 'plugin' ? nameAmongAll(builtin.kind, builtin.name) : builtin.name;
  const names: readonly JsonSchema[] = builtins.map((builtin) => ({
    const: nameOf(builtin),
    description: describe(builtin),
  }));
  return {
    description: `A ${kind}: its name, or an object with its name and its options.`,
    anyOf: [
      ...names,
      FOREIGN,
      {
        type: 'object',
        properties: { use: { anyOf: [...names, FOREIGN] } },
        required: ['use'],
        allOf: builtins.map((builtin) => ({
          if: { properties: { use: { const: nameOf(builtin) } }, required: ['use'] },
          // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema; nobody awaits this
          then: { $ref: `#/$defs/${definitionName(builtin)}` },
        })),
      },
    ],
  };
}

function usedSchema(builtin: LoadedBuiltin): JsonSchema {
  const options = optionsOf(builtin.plugin) ?? { type: 'object', properties: {}, additionalProperties: false };
  return {
    ...options,
    description: describe(builtin),
    properties: { use: useOf(builtin), ...GENERIC_KEYS[builtin.kind], ...options.properties },
    required: ['use', ...(options.required ?? [])],
  };
}

/** Its name, and the one that it has where any kind may stand. */
function useOf({ kind, name }: LoadedBuiltin): JsonSchema {
  const other = nameAmongAll(kind, name);
  return other === name ? { const: name } : { enum: [name, other] };
}

function describe({ kind, name }: LoadedBuiltin): string {
  return `The built-in ${kind} ${name}.`;
}

/** A copy in which a marked place refers to its kind's definition, and a scalar may be a reference. */
function withMarksResolved(schema: JsonSchema): JsonSchema {
  const { mailverb, description, default: written } = schema;
  const said = {
    ...(description === undefined ? {} : { description }),
    ...(written === undefined ? {} : { default: written }),
  };
  if (typeof mailverb === 'string') return { ...said, $ref: `#/$defs/${mailverb}` };
  if (needsReference(schema)) {
    const { description: _said, default: _written, ...rest } = schema;
    const choices = schema.anyOf !== undefined && Object.keys(rest).length === 1 ? schema.anyOf : [rest];
    return { ...said, anyOf: [...choices.map(choice), { $ref: '#/$defs/reference' }] };
  }
  return descend(schema);
}

function descend(schema: JsonSchema): JsonSchema {
  const out: JsonSchema = { ...schema };
  if (schema.properties !== undefined) {
    out.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([key, value]) => [key, key === 'use' ? value : withMarksResolved(value)]),
    );
  }
  if (schema.items !== undefined) out.items = withMarksResolved(schema.items);
  if (typeof schema.additionalProperties === 'object')
    out.additionalProperties = withMarksResolved(schema.additionalProperties);
  if (schema.anyOf !== undefined) out.anyOf = schema.anyOf.map(choice);
  return out;
}

function choice(schema: JsonSchema): JsonSchema {
  return schema.mailverb === undefined ? descend(schema) : withMarksResolved(schema);
}

// A scalar that is not any string; or a choice that has one.
function needsReference(schema: JsonSchema): boolean {
  if (schema.anyOf !== undefined)
    return schema.anyOf.some(({ type, mailverb }) => mailverb === undefined && type !== 'object' && type !== 'array');
  if (schema.enum !== undefined || schema.const !== undefined) return true;
  if (schema.type === 'string') return schema.pattern !== undefined || schema['format'] !== undefined;
  return schema.type === 'integer' || schema.type === 'number' || schema.type === 'boolean';
}
