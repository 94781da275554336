/** Every folder of bad-configs has a configuration that is wrong, and in `expected-error` what `check` says about it, to the letter. `UPDATE_EXPECTED=1` rewrites these. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { main } from './cli/main.js';
import { FakeIo } from './testing/fake-io.js';

const ROOT = join(__dirname, '../bad-configs');
const cases = readdirSync(ROOT);

describe('bad configurations', () => {
  it('are many', () => expect(cases.length).toBeGreaterThan(20));

  it.each(cases)('%s', async (name) => {
    const folder = join(ROOT, name);
    const io = new FakeIo(folder);
    // One that prettier could not read either has no extension.
    const config = readdirSync(folder).find((file) => file.startsWith('config')) ?? '';
    const code = await main(['check', '--config', config], io);
    // Where the repository is must not matter.
    const said = io.stderr.replaceAll(folder, '<folder>');
    const file = join(folder, 'expected-error');
    if (process.env['UPDATE_EXPECTED'] === '1') writeFileSync(file, said);
    expect(said).toBe(readFileSync(file, 'utf8'));
    expect({ code, stdout: io.stdout }).toEqual({ code: 78, stdout: '' });
  });
});
