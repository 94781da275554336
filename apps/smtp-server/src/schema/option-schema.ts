/** JSON Schemas of options: a plugin's, or our own keys'. What people write, so `io: 'input'`; defaults as people would write them. */
import type { Plugin } from '@mailverb/contract';
import { z } from 'zod';

/** A JSON Schema, as far as we look into it. */
export interface JsonSchema {
  $ref?: string;
  type?: string | readonly string[];
  description?: string;
  default?: unknown;
  const?: unknown;
  enum?: readonly unknown[];
  pattern?: string;
  properties?: Record<string, JsonSchema>;
  required?: readonly string[];
  additionalProperties?: boolean | JsonSchema;
  items?: JsonSchema;
  anyOf?: readonly JsonSchema[];
  allOf?: readonly JsonSchema[];
  if?: JsonSchema;
  then?: JsonSchema;
  not?: JsonSchema;
  /** Our mark: another plugin is named here, and of which kind. */
  mailverb?: string;
  [keyword: string]: unknown;
}

/** The JSON Schema of a zod schema's input. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const json = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
    override: ({ zodSchema, jsonSchema }) => {
      // zod's unions that are told apart by a key: one word for "one of these" is enough for whoever reads it.
      if (jsonSchema.oneOf !== undefined) {
        jsonSchema.anyOf = jsonSchema.oneOf;
        delete jsonSchema.oneOf;
      }
      // zod leaves out the default where input and output differ, which is where people want it most: `5m` is stored as 300000.
      const written = defaultOf(zodSchema);
      if (written !== undefined)
        jsonSchema.default = asWritten(written, jsonSchema as JsonSchema) as typeof jsonSchema.default;
    },
  }) as JsonSchema;
  delete json['$schema'];
  return json;
}

/** A plugin's options; undefined if it has none, or if its validator can't be described. */
export function optionsOf(plugin: Plugin): JsonSchema | undefined {
  const { options } = plugin;
  return options instanceof z.ZodType ? jsonSchemaOf(options) : undefined;
}

function defaultOf(schema: z.core.$ZodType): unknown {
  return schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault ? schema.def.defaultValue : undefined;
}

const DURATIONS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1000, 's'],
  [1, 'ms'],
] as const;
const SIZES = [
  [1024 ** 3, 'GiB'],
  [1024 ** 2, 'MiB'],
  [1024, 'KiB'],
] as const;

/** The units of @mailverb/options, told by their patterns. */
export function unitOf(schema: JsonSchema): 'duration' | 'size' | undefined {
  const patterns = [schema, ...(schema.anyOf ?? [])].flatMap(({ pattern }) => (pattern === undefined ? [] : [pattern]));
  if (patterns.some((pattern) => pattern.includes('(?:ms|s|m|h|d)'))) return 'duration';
  return patterns.some((pattern) => pattern.includes('KiB|MiB')) ? 'size' : undefined;
}

function asWritten(value: unknown, schema: JsonSchema): unknown {
  const unit = unitOf(schema);
  if (typeof value !== 'number' || unit === undefined || value === 0) return plain(value);
  for (const [size, name] of unit === 'duration' ? DURATIONS : SIZES) {
    if (value % size === 0) return `${value / size}${name}`;
  }
  return value;
}

// What JSON can't hold has no default to show.
function plain(value: unknown): unknown {
  if (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.getPrototypeOf(value) !== Object.prototype
  ) {
    return undefined;
  }
  return value;
}
