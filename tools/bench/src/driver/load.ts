/** One measured window: a number of connections at once, each replaced by a new one when it is done, until the time is over. */
import type { Load } from '../scenarios.js';
import { percentile } from '../measure/stats.js';
import { Connection, type Watcher } from './connection.js';
import { makeScript, type Script } from './script.js';

/** What a window is asked for. */
export interface WindowRequest {
  readonly port: number;
  readonly load: Load;
  readonly connections: number;
  readonly milliseconds: number;
}

/** What came of it, seen from the client. */
export interface WindowResult {
  readonly messages: number;
  readonly wallMs: number;
  /** Milliseconds from the reply to the message before (or from connecting) to the reply. */
  readonly p50: number;
  readonly p99: number;
  /** CPU milliseconds of the driver; it stays awake, so that this is about the wall time. */
  readonly driverCpuMs: number;
}

const scripts = new Map<string, Script>();

function scriptOf(load: Load): Script {
  const key = JSON.stringify(load);
  let script = scripts.get(key);
  if (script === undefined) scripts.set(key, (script = makeScript(load)));
  return script;
}

/** Runs a window. Rejects at the first unexpected reply or lost connection. */
export function runWindow(request: WindowRequest): Promise<WindowResult> {
  const script = scriptOf(request.load);
  const latencies: number[] = [];
  const cpu = process.cpuUsage();
  const start = performance.now();
  const deadline = start + request.milliseconds;
  return new Promise((resolve, reject) => {
    const open = new Set<Connection>();
    let driving = true;
    const slot = (): void => {
      const watcher: Watcher = {
        completed: (since) => {
          const now = performance.now();
          latencies.push(now - since);
          return now < deadline;
        },
        closed: () => {
          open.delete(connection);
          if (performance.now() < deadline) slot();
          else if (open.size === 0) resolve(result());
        },
        failed: (error) => {
          driving = false;
          for (const other of open) other.destroy();
          reject(error);
        },
      };
      const connection = new Connection({ port: request.port }, script, watcher);
      open.add(connection);
    };
    const result = (): WindowResult => {
      const used = process.cpuUsage(cpu);
      const wallMs = performance.now() - start;
      const sorted = Float64Array.from(latencies).sort();
      return {
        messages: latencies.length,
        wallMs,
        p50: percentile(sorted, 50),
        p99: percentile(sorted, 99),
        driverCpuMs: (used.user + used.system) / 1000,
      };
    };
    for (let i = 0; i < request.connections; i++) slot();
    // The driver never sleeps while it drives. A reply to a sleeping client wakes a processor, microseconds of kernel time that the server's
    // account is charged with, and the slower a server is the more often its client sleeps: the ratio would measure that twice.
    const stayAwake = (): void => {
      if (driving && open.size > 0) setImmediate(stayAwake);
    };
    stayAwake();
  });
}
