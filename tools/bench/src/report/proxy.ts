/** The live proxy beside others, as a table. */
import type { ProxyComparison, ProxyResult } from '../proxy/compare.js';
import { figure, table } from './table.js';

const MIB = 1024 * 1024;

export function proxyTable({ results, growth, missing }: ProxyComparison): string {
  const ours = (title: string) => results.find((r) => r.title === title && r.name === 'proxy');
  const rows = results.map((r) => [
    `${r.title}: ${r.name}`,
    figure(r.cpuMs * 1000),
    judged(r),
    figure(r.cpuMs / (ours(r.title)?.cpuMs ?? NaN)),
    figure(r.perSecond),
  ]);
  const notes = [
    `A message of 50 MiB through the proxy: ${(growth / MIB).toFixed(1)} MiB of growth (wanted: 16 at most).`,
    ...missing.map((one) => `Not measured: ${one}.`),
  ];
  return `${table(['before the same sink', 'CPU µs', ': pipe', ': proxy', 'messages/s'], rows)}\n\n${notes.join('\n')}`;
}

function judged({ ratio, wanted }: ProxyResult): string {
  if (wanted === undefined) return ratio.toFixed(2);
  return `${ratio.toFixed(2)} ${ratio <= wanted ? '✓' : `(over ${wanted})`}`;
}
