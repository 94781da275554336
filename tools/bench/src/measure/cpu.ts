/**
 * CPU per message: all servers of a scenario run at once and are measured in turn, A B C A B C, so that a machine that becomes slower or
 * faster does so for all. Windows are repeated until the CPU per message of each server is flat, and only then do they count.
 */
import type { DriverCalls } from '../driver/main.js';
import type { Remote } from '../process/remote.js';
import type { Scenario } from '../scenarios.js';
import { connectionsFor, startServer, type RunningServer, type ServerName } from '../servers/names.js';
import { isFlat, median } from './stats.js';
import { certificateFor } from './certificate.js';

/** How long and how often. */
export interface CpuSettings {
  readonly connections: number;
  readonly windowMs: number;
  /** Windows that count. */
  readonly windows: number;
  /** Windows after which a server that is still not flat is taken as it is. */
  readonly maxWarmup: number;
  /** For the node of every server. */
  readonly nodeFlags: readonly string[];
}

/** One server in one scenario: medians of the windows that count. */
export interface CpuResult {
  readonly scenario: Scenario;
  readonly server: ServerName;
  readonly cpuMs: number;
  /** The part of it that was spent in the kernel. */
  readonly systemMs: number;
  /** Pauses for garbage collection, in milliseconds for each message; the work of its helper threads is in `cpuMs` only. */
  readonly gcMs: number;
  /** Full collections a second: they cost several times what young ones do, and come in phases. */
  readonly fullCollections: number;
  /** Median of the ratios to the first server of the same round. */
  readonly ratio: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly peakRss: number;
  /** CPU time by wall time: below 1, the server had time to spare. */
  readonly busy: number;
  readonly driverBusy: number;
  /** False if the CPU per message never became flat. */
  readonly flat: boolean;
}

type Named = RunningServer & { readonly name: ServerName };

interface Window {
  readonly cpuMs: number;
  readonly systemMs: number;
  readonly gcMs: number;
  readonly fullCollections: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly busy: number;
  readonly driverBusy: number;
}

/** The last three windows within 3 %. */
const FLAT_WINDOWS = 3;
const FLAT_TOLERANCE = 0.03;

/** Measures one scenario on all servers. */
export async function measureCpu(
  scenario: Scenario,
  names: readonly ServerName[],
  driver: Remote<DriverCalls>,
  settings: CpuSettings,
): Promise<CpuResult[]> {
  const start = { args: await certificateFor(scenario.load), nodeFlags: settings.nodeFlags };
  const servers = await Promise.all(names.map(async (name) => ({ name, ...(await startServer(name, start)) })));
  try {
    const windows = servers.map((): Window[] => []);
    const round = async (): Promise<void> => {
      for (const [i, server] of servers.entries()) {
        windows[i]?.push(await measureWindow(server, scenario, driver, settings));
      }
    };
    const flat = (): boolean[] =>
      windows.map((w) =>
        isFlat(
          w.map(({ cpuMs }) => cpuMs),
          FLAT_WINDOWS,
          FLAT_TOLERANCE,
        ),
      );
    for (let n = 0; n < settings.maxWarmup && !flat().every(Boolean); n++) await round();
    const wasFlat = flat();
    for (let n = 0; n < settings.windows; n++) await round();
    const counted = windows.map((w) => w.slice(-settings.windows));
    return await Promise.all(
      servers.map(async (server, i) => ({
        scenario,
        server: server.name,
        ...summary(counted[i] ?? [], counted[0] ?? []),
        peakRss: (await server.process.call('usage')).peakRss,
        flat: wasFlat[i] ?? false,
      })),
    );
  } finally {
    await Promise.all(servers.map((server) => server.process.end()));
  }
}

async function measureWindow(
  server: Named,
  { load }: Scenario,
  driver: Remote<DriverCalls>,
  settings: CpuSettings,
): Promise<Window> {
  const connections = connectionsFor(server.name, load, settings.connections);
  const before = await server.process.call('usage');
  const result = await driver.call('window', { port: server.port, load, connections, milliseconds: settings.windowMs });
  const after = await server.process.call('usage');
  const cpuMs = after.cpuMs - before.cpuMs;
  return {
    cpuMs: cpuMs / result.messages,
    systemMs: (after.systemMs - before.systemMs) / result.messages,
    gcMs: (after.gcMs - before.gcMs) / result.messages,
    fullCollections: ((after.fullCollections - before.fullCollections) / result.wallMs) * 1000,
    perSecond: (result.messages / result.wallMs) * 1000,
    p50: result.p50,
    p99: result.p99,
    busy: cpuMs / result.wallMs,
    driverBusy: result.driverCpuMs / result.wallMs,
  };
}

function summary(own: readonly Window[], first: readonly Window[]): Window & { readonly ratio: number } {
  const middle = (key: keyof Window): number => median(own.map((window) => window[key]));
  return {
    cpuMs: middle('cpuMs'),
    systemMs: middle('systemMs'),
    gcMs: middle('gcMs'),
    fullCollections: middle('fullCollections'),
    perSecond: middle('perSecond'),
    p50: middle('p50'),
    p99: middle('p99'),
    busy: middle('busy'),
    driverBusy: middle('driverBusy'),
    ratio: median(own.map((window, i) => window.cpuMs / (first[i]?.cpuMs ?? NaN))),
  };
}
