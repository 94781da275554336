/** CPU per message as tables: the ratios with what is wanted beside them first, then all that was measured. */
import type { CpuResult } from '../measure/cpu.js';
import { figure, table } from './table.js';

const MIB = 1024 * 1024;

/** `1.32 ✓` within the target, `1.55 (over 1.4)` beyond it, `2.10 (DEFECT)` beyond what is tolerable. */
function judged({ ratio, scenario }: CpuResult): string {
  if (ratio <= scenario.target) return `${ratio.toFixed(2)} ✓`;
  return `${ratio.toFixed(2)} ${ratio > scenario.defect ? '(DEFECT)' : `(over ${scenario.target})`}`;
}

/** One row for each scenario, one column for each server. */
export function cpuSummary(results: readonly CpuResult[]): string {
  const servers = [...new Set(results.map(({ server }) => server))];
  const scenarios = [...new Set(results.map(({ scenario }) => scenario))];
  const head = [
    'CPU µs per message',
    ...servers,
    ...servers.slice(1).map((name) => `${name} : ${servers[0]}`),
    'wanted',
  ];
  const rows = scenarios.map((scenario) => {
    const of = servers.map((name) => results.find((r) => r.scenario === scenario && r.server === name));
    return [
      scenario.title,
      ...of.map((r) => (r === undefined ? '-' : `${figure(r.cpuMs * 1000)}${r.flat ? '' : ' ~'}`)),
      ...of.slice(1).map((r) => {
        if (r === undefined) return '-';
        return r.server === 'sink' ? judged(r) : r.ratio.toFixed(2);
      }),
      scenario.target.toString(),
    ];
  });
  return `${table(head, rows)}\n\n"~": the CPU per message did not become flat (three windows within 3 %) before it was measured.`;
}

/** Everything, one row for each scenario and server. */
export function cpuDetails(results: readonly CpuResult[]): string {
  const head = [
    'scenario',
    'server',
    'user µs',
    'kernel µs',
    'GC pause µs',
    'full GC/s',
    'messages/s',
    'p50 ms',
    'p99 ms',
    'peak RSS MiB',
    'busy',
    'driver busy',
  ];
  const rows = results.map((r) => [
    r.scenario.name,
    r.server,
    figure((r.cpuMs - r.systemMs) * 1000),
    figure(r.systemMs * 1000),
    figure(r.gcMs * 1000),
    figure(r.fullCollections),
    figure(r.perSecond),
    figure(r.p50),
    figure(r.p99),
    figure(r.peakRss / MIB),
    r.busy.toFixed(2),
    r.driverBusy.toFixed(2),
  ]);
  return `${table(head, rows)}\n\n"busy" is CPU time by wall time: where the server's is well below 1 and the driver's is not, the driver or the machine was the limit of the rate (not of the CPU per message).`;
}
