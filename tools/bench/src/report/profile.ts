/** CPU profiles as tables. */
import type { ProfileResult } from '../measure/profile.js';
import { table } from './table.js';

export function profileTables(results: readonly ProfileResult[]): string {
  return results
    .map(({ scenario, server, rows }) => {
      const cells = rows.map(({ what, share }) => [what.replaceAll('|', '\\|'), (share * 100).toFixed(1)]);
      return `### ${server}: ${scenario.title}\n\n${table(['own time of', '%'], cells)}`;
    })
    .join('\n\n');
}
