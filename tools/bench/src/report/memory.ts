/** Memory as a table: one row for each trial, one column for each server. */
import type { MemoryResult } from '../measure/memory.js';
import { figure, table } from './table.js';

const UNIT = { KiB: 1024, MiB: 1024 * 1024 } as const;

function cell(result: MemoryResult | undefined): string {
  if (result === undefined) return '-';
  const amount = figure(Math.max(0, result.octets) / UNIT[result.unit]);
  const verdict = result.server !== 'sink' ? '' : result.octets <= result.limit ? ' ✓' : ' (OVER)';
  return `${amount}${verdict} (${result.note})`;
}

export function memoryTable(results: readonly MemoryResult[]): string {
  const servers = [...new Set(results.map(({ server }) => server))];
  const names = [...new Set(results.map(({ name }) => name))];
  const rows = names.flatMap((name) => {
    const trial = results.filter((r) => r.name === name);
    const first = trial[0];
    if (first === undefined) return [];
    const cells = servers.map((server) => cell(trial.find((r) => r.server === server)));
    return [[`${first.title}, ${first.unit}`, ...cells, `${first.limit / UNIT[first.unit]}`]];
  });
  return table(['resident growth by', ...servers, 'at most'], rows);
}
