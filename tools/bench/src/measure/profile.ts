/** Where the CPU time of a server goes in a scenario. */
import type { DriverCalls } from '../driver/main.js';
import type { Remote } from '../process/remote.js';
import type { Scenario } from '../scenarios.js';
import { connectionsFor, startServer, type ServerName } from '../servers/names.js';
import type { ProfileRow } from '../servers/profiler.js';
import { certificateFor } from './certificate.js';
import type { CpuSettings } from './cpu.js';

export interface ProfileResult {
  readonly scenario: Scenario;
  readonly server: ServerName;
  readonly rows: readonly ProfileRow[];
}

const ROWS = 25;

/** Windows before the one that is profiled: code that V8 has not optimised yet is not what a busy server runs. */
const WARMUP_WINDOWS = 3;

export async function profile(
  scenario: Scenario,
  server: ServerName,
  driver: Remote<DriverCalls>,
  settings: CpuSettings,
): Promise<ProfileResult> {
  const args = await certificateFor(scenario.load);
  const { port, process } = await startServer(server, { args, nodeFlags: settings.nodeFlags });
  try {
    const { load } = scenario;
    const connections = connectionsFor(server, load, settings.connections);
    const window = () => driver.call('window', { port, load, connections, milliseconds: settings.windowMs });
    for (let n = 0; n < WARMUP_WINDOWS; n++) await window();
    await process.call('startProfile');
    await window();
    return { scenario, server, rows: await process.call('stopProfile', ROWS) };
  } finally {
    await process.end();
  }
}
