/** `assembly`: who owns which verb, keyword, parameter and stage, and in which order. */
import type { AssembledDelivery, AssembledListener, AssembledPlugin, Assembly } from '@mailverb/core';
import { isPlainObject, mapValues } from '../configuration/tree.js';
import { assemble, loadConfiguration } from '../plan/load.js';
import { formatAddress } from './announce.js';
import { EXIT, type Io } from './io.js';

/** Prints it, as text or as JSON. */
export async function printAssembly(file: string | undefined, json: boolean, io: Io): Promise<number> {
  const loaded = await loadConfiguration(file, io);
  const { assembly } = (await assemble(loaded, io.createServer)).server;
  const { secrets } = loaded;
  // Scrubbed string by string: a secret must not depend on how JSON writes it.
  const scrub = (value: unknown): unknown => {
    if (typeof value === 'string') return secrets.scrub(value);
    if (Array.isArray(value)) return value.map(scrub);
    return isPlainObject(value) ? mapValues(value, scrub) : value;
  };
  io.out(json ? `${JSON.stringify(scrub(assembly), null, 2)}\n` : secrets.scrub(assemblyText(assembly)));
  return EXIT.ok;
}

/** For people. */
export function assemblyText(assembly: Assembly): string {
  const blocks = [
    [`server ${assembly.hostname}`, ...table(assembly.plugins.map(pluginRow))],
    ...assembly.listeners.map(listenerLines),
  ];
  return blocks.map((lines) => `${lines.join('\n')}\n`).join('\n');
}

function listenerLines(listener: AssembledListener): string[] {
  const stages = listener.stages.map(({ stage, policies }) => [
    stage,
    policies.map(({ name, mode }) => (mode === 'enforce' ? name : `${name} (${mode})`)).join(', ') || '-',
  ]);
  return [
    `listener ${listener.name}: ${listener.protocol} on ${formatAddress(listener.address)}`,
    ...section(
      'verbs',
      listener.verbs.map(({ verb, owner, phases }) => [verb, owner, phases.join(' ')]),
    ),
    ...section(
      'EHLO keywords',
      listener.keywords.map(({ keyword, owner }) => [keyword, owner]),
    ),
    ...section(
      'parameters',
      listener.parameters.map(({ verb, keyword, owner }) => [`${verb} ${keyword}`, owner]),
    ),
    ...section('stages, policies in the order they are asked', stages),
    ...section(
      'transforms, in order',
      listener.transforms.map((name, i) => [`${i + 1}`, name]),
    ),
    '  delivery',
    ...(listener.delivery === undefined ? ['    -'] : deliveryLines(listener.delivery, '    ')),
    ...section(
      'observers',
      listener.observers.map((name) => [name]),
    ),
    ...section('plugins', listener.plugins.map(pluginRow)),
  ];
}

function deliveryLines(delivery: AssembledDelivery, indent: string, at = ''): string[] {
  const transforms = delivery.transforms.length === 0 ? '' : `, transforms ${delivery.transforms.join(', ')}`;
  return [
    `${indent}${at === '' ? '' : `${at}: `}${delivery.name} (durability ${delivery.durability}${transforms})`,
    ...delivery.parts.flatMap((part) => deliveryLines(part.delivery, `${indent}  `, part.at)),
  ];
}

function pluginRow({ plugin, path, contributes }: AssembledPlugin): string[] {
  return [path, plugin, contributes.join(', ')];
}

function section(title: string, rows: readonly (readonly string[])[]): string[] {
  return [`  ${title}`, ...(rows.length === 0 ? ['    -'] : table(rows, '    '))];
}

/** Rows with their columns below each other. */
function table(rows: readonly (readonly string[])[], indent = '  '): string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  return rows.map((row) => `${indent}${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd());
}
