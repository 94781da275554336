/** Decisions of greylisting, as tables. */
import type { GreylistMemory, GreylistResult } from '../greylist/main.js';
import { figure, table } from './table.js';

export function greylistTables(results: readonly GreylistResult[], memories: readonly GreylistMemory[]): string {
  const rows = results.map(({ name, cpu, busy, rate }) => [name, figure(cpu), figure(busy), figure(rate)]);
  const mib = (octets: number): string => figure(octets / 2 ** 20);
  return [
    table(['decision', 'CPU of the event loop, us', 'loop busy, us', 'in a second'], rows),
    table(
      ['memory, MiB', 'anonymous', 'heap', 'file of lmdb'],
      memories.map(({ when, anonymous, heap, file }) => [when, mib(anonymous), mib(heap), mib(file)]),
    ),
  ].join('\n\n');
}
