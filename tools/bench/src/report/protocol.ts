/** `libs/protocol` by itself, as a table. */
import type { ProtocolResult } from '../protocol/main.js';
import { figure, table } from './table.js';

export function protocolTable(results: readonly ProtocolResult[]): string {
  const rows = results.map(({ name, unit, rate }) => [name, figure(rate), unit]);
  return table(['of one second of CPU time', 'rate', 'unit'], rows);
}
