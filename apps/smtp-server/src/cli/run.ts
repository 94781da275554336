/** The command line in a real process. */
import { availableParallelism, hostname } from 'node:os';
import { createServer } from '@mailverb/core';
import { reasonOf, stackOf } from '../errors.js';
import { inheritedSockets, type InheritedSockets } from '../plan/sockets.js';
import { importModule } from '../plugins/import-module.js';
import type { Supervisor } from '../serve/supervisor.js';
import { systemdSupervisor } from '../serve/systemd.js';
import { WORKER_VARIABLE, type StartWorker } from '../serve/worker.js';
import type { WorkerLink } from '../serve/worker-link.js';
import { become, processIdentity } from './become.js';
import { EXIT, type Io, type StopSignal, type StrayKind } from './io.js';
import { main } from './main.js';
import { readSecret } from './read-secret.js';

/** How long what is left over (a plugin's forgotten timer or socket) may keep a process that is done. */
const LEFTOVERS_MS = 2000;

const STOP_SIGNALS: readonly StopSignal[] = ['SIGTERM', 'SIGINT'];

/** Runs the command that the process was started with, and sets its exit code. */
export async function run(): Promise<void> {
  const argv = process.argv.slice(2);
  // Whoever read our output may have seen enough of it: `mailverb-smtp schema | head`.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const worker = await workerLink();
  process.exitCode = await main(argv, new ProcessIo(argv.includes('--debug'), worker?.link));
  worker?.close();
  // Not before all that was said has been read.
  process.stdout.write('', () => setTimeout(() => process.exit(), LEFTOVERS_MS).unref());
}

/** What this process is to the one that has started it, if it is one of several. */
async function workerLink(): Promise<{ readonly link: WorkerLink; close(): void } | undefined> {
  const slot = process.env[WORKER_VARIABLE];
  if (slot === undefined || process.send === undefined) return undefined;
  const [{ WorkerLink }, { clusterChannel, closeClusterChannel }] = await Promise.all([
    import('../serve/worker-link.js'),
    import('../serve/cluster-channel.js'),
  ]);
  const link = new WorkerLink(Number(slot), clusterChannel());
  // Those who have something to open anew listen for the signal; in a worker without them a real one would end it.
  link.on('reopen', () => process.emit('SIGUSR2', 'SIGUSR2'));
  return { link, close: closeClusterChannel };
}

/** The process that we run in. */
class ProcessIo implements Io {
  readonly env = process.env;
  readonly cwd = process.cwd();
  readonly machine = hostname();
  readonly processors = availableParallelism();
  readonly importModule = importModule;
  readonly createServer = createServer;
  readonly readSecret = readSecret;
  readonly sockets: InheritedSockets;
  readonly supervisor: Supervisor;
  private readonly strayHandlers = new Set<(kind: StrayKind, error: unknown) => void>();

  constructor(
    private readonly debug: boolean,
    readonly worker: WorkerLink | undefined,
  ) {
    // Node opens a worker's sockets in the process that has started it, so that is where the descriptors are.
    this.sockets = inheritedSockets(process.env, worker === undefined ? process.pid : process.ppid);
    this.supervisor = worker ?? systemdSupervisor(process.env, (problem) => this.err(`${problem}\n`));
    process.on('uncaughtException', (error) => this.stray('uncaughtException', error));
    process.on('unhandledRejection', (error) => this.stray('unhandledRejection', error));
  }

  get privileged(): boolean {
    return process.getuid?.() === 0;
  }

  readonly startWorker: StartWorker = async (slot) => {
    const { startClusterWorker } = await import('../serve/cluster-workers.js');
    return startClusterWorker(slot);
  };

  out(text: string): void {
    process.stdout.write(text);
  }

  err(text: string): void {
    process.stderr.write(text);
  }

  exit(code: number): void {
    process.exit(code);
  }

  become(user: string, group: string | undefined): void {
    become(processIdentity(), user, group);
  }

  onSignal(handler: (signal: StopSignal) => void): () => void {
    if (this.worker !== undefined) return this.ordered('stop', STOP_SIGNALS, () => handler('SIGTERM'));
    return listen(STOP_SIGNALS, handler);
  }

  onReload(handler: () => void): () => void {
    return this.worker === undefined ? listen(['SIGHUP'], handler) : this.ordered('reload', ['SIGHUP'], handler);
  }

  onReopen(handler: () => void): () => void {
    return listen(['SIGUSR2'], handler);
  }

  onStray(handler: (kind: StrayKind, error: unknown) => void): () => void {
    this.strayHandlers.add(handler);
    return () => this.strayHandlers.delete(handler);
  }

  /**
   * A worker takes orders from the process that has started it, and signals from nobody: a terminal's Ctrl+C and systemd's SIGTERM go to all
   * processes at once, and would be its second ones.
   */
  private ordered(order: 'stop' | 'reload', instead: readonly NodeJS.Signals[], handler: () => void): () => void {
    const ignored = listen(instead, () => undefined);
    const released = this.worker?.on(order, handler);
    return () => {
      ignored();
      released?.();
    };
  }

  // Before a server has started and after it has stopped there is no log to write to, and nobody to spare.
  private stray(kind: StrayKind, error: unknown): void {
    for (const handler of this.strayHandlers) handler(kind, error);
    if (this.strayHandlers.size > 0) return;
    const what =
      kind === 'uncaughtException' ? 'an exception was not caught' : 'a promise was rejected and nobody looked';
    this.err(`${what}: ${this.debug ? stackOf(error) : reasonOf(error)}\n`);
    if (kind === 'uncaughtException') this.exit(EXIT.software);
  }
}

function listen<S extends NodeJS.Signals>(signals: readonly S[], handler: (signal: S) => void): () => void {
  const handlers = signals.map((signal) => ({ signal, listener: () => handler(signal) }));
  for (const { signal, listener } of handlers) process.on(signal, listener);
  return () => {
    for (const { signal, listener } of handlers) process.off(signal, listener);
  };
}
