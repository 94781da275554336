/** JSON Schemas of options as Markdown tables. */
import { unitOf, type JsonSchema } from '../schema/option-schema.js';
import { code, table, text } from './markdown.js';

/** A row for each option, those of nested objects below their parent as `routes[].to`; undefined if there is none. */
export function optionsTable(schema: JsonSchema | undefined): string | undefined {
  const all = schema === undefined ? [] : optionRows(schema, '');
  // What several choices have in common.
  const rows = all.filter((row, i) => all.findIndex((other) => other.join() === row.join()) === i);
  return rows.length === 0 ? undefined : table(['Key', 'Value', 'Default', ''], rows);
}

function optionRows(schema: JsonSchema, prefix: string): string[][] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([key, option]) => {
    const path = `${prefix}${key}`;
    const whenAbsent =
      option.default === undefined ? (required.has(key) ? 'required' : '') : defaultCell(option.default);
    return [[code(path), typeOf(option), whenAbsent, text(option.description ?? '')], ...nestedRows(option, path)];
  });
}

function nestedRows(schema: JsonSchema, path: string): string[][] {
  const own = schema.properties === undefined ? [] : optionRows(schema, `${path}.`);
  const listed = schema.items === undefined ? [] : nestedRows(schema.items, `${path}[]`);
  return [...own, ...listed, ...(schema.anyOf ?? []).flatMap((choice) => nestedRows(choice, path))];
}

function defaultCell(value: unknown): string {
  return code(typeof value === 'string' ? value : JSON.stringify(value));
}

/** What may be written there, in words. */
function typeOf(schema: JsonSchema): string {
  if (schema.mailverb !== undefined) return schema.mailverb;
  const unit = unitOf(schema);
  if (unit !== undefined) return unit;
  if (schema.enum !== undefined) return schema.enum.map((value) => code(String(value))).join(', ');
  if (schema.const !== undefined) return code(String(schema.const));
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeOf))].join(' or ');
  switch (schema.type) {
    case 'array':
      return schema.items === undefined ? 'list' : `list of ${plural(typeOf(schema.items))}`;
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
      return '`true` or `false`';
    case 'string':
      return 'text';
    case 'object':
      return 'object';
    default:
      return '';
  }
}

function plural(type: string): string {
  if (type === 'policy') return 'policies';
  if (type === 'delivery') return 'deliveries';
  return /^(?:[a-z]+)$/.test(type) && type !== 'text' ? `${type}s` : type;
}
