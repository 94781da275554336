/** docs/flow.md shows the phase table; this holds it to the code. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PHASES, PHASE_TABLE } from './phase.js';

it('docs/flow.md shows the phase table as it is', () => {
  const page = readFileSync(join(__dirname, '../../../docs/flow.md'), 'utf8');
  const table = /<!-- phase table -->([\s\S]*)<!-- \/phase table -->/.exec(page)?.[1] ?? '';
  const rows = table
    .split('\n')
    .filter((line) => /^\| [A-Z]{4,} /.test(line))
    .map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim())
        .slice(1, -1),
    );
  const expected = Object.entries(PHASE_TABLE).map(([verb, { phases, endsBatch }]) => [
    verb,
    ...PHASES.map((phase) => ((phases as readonly string[]).includes(phase) ? 'yes' : '503')),
    endsBatch ? 'yes' : '',
  ]);
  expect(rows).toEqual(expected);
});
