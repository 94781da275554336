/** Memory of a server process: what an idle connection keeps, and by how much one client, or twenty, can make it grow. */
import type { DriverCalls } from '../driver/main.js';
import type { PourRequest } from '../driver/hostile.js';
import { resetPeak, resident } from '../process/resident.js';
import type { Remote } from '../process/remote.js';
import type { Load } from '../scenarios.js';
import { startServer, type RunningServer, type ServerName } from '../servers/names.js';

const MIB = 1024 * 1024;

/** A measurement: growth in octets on one server, and how it ended where that is not plain. */
export interface MemoryResult {
  readonly name: string;
  readonly title: string;
  readonly server: ServerName;
  readonly octets: number;
  /** The most that is wanted. */
  readonly limit: number;
  readonly unit: 'KiB' | 'MiB';
  readonly note: string;
}

/** What is done to a server that is otherwise idle. @returns how it ended. */
type Act = (server: RunningServer, driver: Remote<DriverCalls>) => Promise<string>;

interface Trial {
  readonly name: string;
  readonly title: string;
  readonly limit: number;
  readonly act: Act;
}

const WARMUP: Load = { style: 'group', size: 10 * 1024, dots: false, perConnection: 10 };

const ENVELOPE = ['EHLO client.example\r\n', 'MAIL FROM:<a@client.example>\r\n', 'RCPT TO:<b@example.org>\r\n'];

const messages =
  (connections: number, size: number): Act =>
  async ({ port }, driver) => {
    const load: Load = { style: 'group', size, dots: false, perConnection: 1 };
    // No time at all: each connection sends its one message and is not replaced.
    const { messages: sent } = await driver.call('window', { port, load, connections, milliseconds: 0 });
    return `${sent} taken`;
  };

const pouring =
  (what: Omit<PourRequest, 'port' | 'lingerMs'>): Act =>
  async ({ port }, driver) => {
    const { octets, end } = await driver.call('pour', { port, ...what, lingerMs: 3000 });
    return `${end} after ${(octets / MIB).toFixed(1)} MiB`;
  };

const TRIALS: readonly Trial[] = [
  { name: 'big', title: 'one message of 50 MiB', limit: 64 * MIB, act: messages(1, 50 * MIB) },
  { name: 'big-20', title: '20 messages of 25 MiB at once', limit: 64 * MIB, act: messages(20, 25 * MIB) },
  {
    name: 'noops',
    title: 'a million NOOPs, no reply read',
    limit: 8 * MIB,
    act: pouring({ first: ['EHLO client.example\r\n'], unit: 'NOOP\r\n', times: 1_000_000 }),
  },
  {
    name: 'endless-command',
    title: 'an endless command line (64 MiB)',
    limit: 8 * MIB,
    act: pouring({ first: ['EHLO client.example\r\n'], unit: 'A', times: 64 * MIB }),
  },
  {
    name: 'endless-data',
    title: 'an endless line of mail data (64 MiB)',
    limit: 8 * MIB,
    act: pouring({ first: [...ENVELOPE, 'DATA\r\n'], unit: 'A', times: 64 * MIB }),
  },
];

/** How much each trial makes a fresh, warmed server grow: the peak while it lasts against what was resident before. */
export async function measureGrowth(
  server: ServerName,
  driver: Remote<DriverCalls>,
  nodeFlags: readonly string[],
): Promise<MemoryResult[]> {
  const results: MemoryResult[] = [];
  for (const { name, title, limit, act } of TRIALS) {
    const running = await startServer(server, { args: ['unlimited'], nodeFlags });
    try {
      await warmUp(running, driver);
      resetPeak(running.process.pid);
      const before = resident(running.process.pid).now;
      const note = await act(running, driver);
      const octets = resident(running.process.pid).peak - before;
      results.push({ name, title, server, octets, limit, unit: 'MiB', note });
    } finally {
      await running.process.end();
    }
  }
  return results;
}

/**
 * What an idle connection keeps resident after EHLO, garbage collected. From a fresh server, so that the code and heap that the first
 * connections make the process acquire are shared out among all of them: the harsher way of counting.
 */
export async function measureIdle(
  server: ServerName,
  driver: Remote<DriverCalls>,
  connections: number,
  nodeFlags: readonly string[],
): Promise<MemoryResult> {
  const running = await startServer(server, { args: ['unlimited'], nodeFlags });
  try {
    const { port, process } = running;
    await process.call('collect');
    const before = await process.call('usage');
    await driver.call('hold', { port, connections });
    await process.call('collect');
    const after = await process.call('usage');
    await driver.call('release');
    const heap = (after.heapUsed - before.heapUsed) / connections / 1024;
    return {
      name: 'idle',
      title: `an idle connection, of ${connections.toLocaleString('en')}`,
      server,
      octets: (after.rss - before.rss) / connections,
      limit: 6.5 * 1024,
      unit: 'KiB',
      note: `heap ${heap.toFixed(1)} KiB`,
    };
  } finally {
    await running.process.end();
  }
}

async function warmUp({ port, process }: RunningServer, driver: Remote<DriverCalls>): Promise<void> {
  await driver.call('window', { port, load: WARMUP, connections: 20, milliseconds: 500 });
  await process.call('collect');
}
