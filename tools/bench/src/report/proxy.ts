/** The live proxy beside others, as a table. */
import type { ProxyComparison, ProxyResult } from '../proxy/compare.js';
import type { DeliveredResult } from '../proxy/delivered.js';
import { median } from '../measure/stats.js';
import { figure, table } from './table.js';

const MIB = 1024 * 1024;

export function proxyTable({ results, growth, missing }: ProxyComparison): string {
  const ours = (title: string) => results.find((r) => r.title === title && r.name === 'proxy');
  const haraka = (title: string) => results.find((r) => r.title === title && r.name === 'haraka smtp_forward');
  const rows = results.map((r) => [
    `${r.title}: ${r.name}`,
    figure(r.cpuMs * 1000),
    judged(r),
    figure(r.cpuMs / (ours(r.title)?.cpuMs ?? NaN)),
    figure(r.cpuMs / (haraka(r.title)?.cpuMs ?? NaN)),
    figure(r.perSecond),
  ]);
  const notes = [
    `A message of 50 MiB through the proxy: ${(growth / MIB).toFixed(1)} MiB of growth (wanted: 16 at most).`,
    ...missing.map((one) => `Not measured: ${one}.`),
  ];
  return `${table(['before the same sink', 'CPU µs', ': pipe', ': proxy', ': smtp_forward', 'messages/s'], rows)}\n\n${notes.join('\n')}`;
}

function judged({ ratio, wanted }: ProxyResult): string {
  if (wanted === undefined) return ratio.toFixed(2);
  return `${ratio.toFixed(2)} ${ratio <= wanted ? '✓' : `(over ${wanted})`}`;
}

/** Delivered messages a second, beside Postfix. */
export function deliveredTable({ postfix, relay, ratio, messages }: DeliveredResult): string {
  const row = (name: string, rates: readonly number[], last: string): string[] => [
    name,
    figure(median(rates)),
    figure(Math.min(...rates)),
    figure(Math.max(...rates)),
    last,
  ];
  const rows = [
    row('Postfix, smtpd and smtp', postfix, '1'),
    row('relay with a pool', relay, `${ratio.toFixed(2)} ${ratio >= 1 ? '✓' : '(wanted: 1 at least)'}`),
  ];
  const how = `smtp-source -s 20 -m ${messages} -l 4096, until smtp-sink has the last; ${postfix.length} rounds in turn after one to warm up.`;
  return `${table(['delivered/s', 'median', 'least', 'most', ': Postfix'], rows)}\n\n${how}`;
}
