/**
 * The process that starts the others (`processes`), and serves no session itself: it keeps them going, counts connections for all, passes signals
 * on, and answers for all to whoever watches. Of the configuration it uses the logger alone.
 */
import { LocalAdmission, StartError, type ServerPlan } from '@mailverb/core';
import { announce } from '../cli/announce.js';
import { EXIT, type Io, type StopSignal, type StrayKind } from '../cli/io.js';
import { notes, summary } from '../cli/summary.js';
import { reasonOf } from '../errors.js';
import { assemble, loadConfiguration, type LoadedConfiguration } from '../plan/load.js';
import { sameSettings, START_ONLY } from '../plan/process-settings.js';
import { reasonsOf } from './explain.js';
import { Generation } from './generation.js';
import { Generations } from './generations.js';
import type { Condition, HealthServer } from './health.js';
import { systemTime } from './system-time.js';
import { isLogger } from './numbered-logger.js';
import { mergePages, type Page } from './page.js';
import type { ServeOptions } from './serving-process.js';
import { Turns } from './turns.js';
import type { WorkerEnd } from './worker.js';
import { WorkerPool } from './worker-pool.js';

export class PrimaryProcess {
  private readonly pool: WorkerPool;
  /** Assemblies of a logger and nothing else. */
  private readonly logs: Generations;
  private readonly reloads: Turns<boolean>;
  private code: number = EXIT.ok;
  private condition: Condition = 'starting';
  private asked = false;
  private reloadAsked = false;
  private health: HealthServer | undefined;
  private readonly wanted: Promise<void>;
  private want: () => void = () => undefined;

  constructor(
    private loaded: LoadedConfiguration,
    private readonly options: ServeOptions,
    private readonly io: Io,
  ) {
    const { processes } = loaded.process;
    this.pool = new WorkerPool(processes, io.startWorker, systemTime, {
      replaced: (slot, pid) => this.logger?.info({ worker: slot, pid }, 'a worker was started anew'),
      lost: (slot, end, againInMs) => this.onLost(slot, end, againInMs),
      failed: (slot, error, againInMs) =>
        this.logger?.error({ worker: slot, error, againInMs }, 'a worker could not be started'),
    });
    this.logs = new Generations(() => this.buildLogs(this.loaded));
    this.reloads = new Turns(() => this.reloadNow());
    this.wanted = new Promise((resolve) => (this.want = resolve));
  }

  /** Resolves to the exit code. Rejects with a ConfigurationError if that is what is wrong. */
  async run(): Promise<number> {
    const { io } = this;
    const releases = [
      io.onSignal((signal) => this.onSignal(signal)),
      io.onReload(() => this.onReload()),
      io.onReopen(() => this.pool.tell({ type: 'reopen' })),
      io.onStray((kind, error) => this.onStray(kind, error)),
    ];
    try {
      const { plan, server } = await assemble(this.loaded, io.createServer);
      if (!(await this.openHealth())) return EXIT.failure;
      const failed = await this.pool.start();
      if (failed !== undefined && !this.asked) {
        await this.pool.stop(this.loaded.deadlineMs);
        return exitCodeOf(failed);
      }
      if (!this.asked) {
        // The ports are open now, and what the log needs is opened by whom we become.
        const { user, group } = this.loaded.process;
        if (user !== undefined) io.become(user, group);
        await this.logs.start(await this.buildLogs(this.loaded));
        this.started(plan, server.assembly);
      }
      await this.wanted;
      return await this.end();
    } catch (error) {
      this.pool.kill();
      if (!(error instanceof StartError)) throw error;
      io.err(`${this.loaded.secrets.scrub(error.message)}\n`);
      return EXIT.failure;
    } finally {
      for (const release of releases) release();
      this.health?.close();
    }
  }

  private get logger() {
    return this.logs.logger;
  }

  private started(plan: ServerPlan, assembly: Parameters<typeof summary>[0]): void {
    const { io, loaded, pool } = this;
    const { secrets } = loaded;
    if (this.options.quiet !== true) {
      io.err(announce(plan, pool.addresses, { secrets, cwd: io.cwd, zeroConfiguration: loaded.file === undefined }));
      for (const note of notes(assembly)) io.err(`note: ${secrets.scrub(note)}\n`);
    }
    this.logger?.info({ processes: loaded.process.processes, assembly: secrets.scrub(summary(assembly)) }, 'started');
    this.condition = 'ready';
    io.supervisor.ready(pool.addresses);
    if (this.reloadAsked) this.onReload();
  }

  private async end(): Promise<number> {
    const { deadlineMs } = this.loaded;
    this.condition = 'draining';
    this.io.supervisor.stopping();
    const clean = await this.pool.stop(deadlineMs);
    if (!clean && this.code === EXIT.ok) this.code = EXIT.failure;
    await this.logs.stop(deadlineMs);
    return this.code;
  }

  private onSignal(signal: StopSignal): void {
    if (this.asked) {
      this.pool.kill();
      this.io.exit(EXIT.failure);
    }
    this.asked = true;
    this.logger?.info({ signal, deadlineMs: this.loaded.deadlineMs }, 'stopping');
    // While they start, those that are there are told, and the others are not started.
    if (this.condition === 'starting') void this.pool.stop(this.loaded.deadlineMs);
    this.want();
  }

  private onReload(): void {
    this.reloadAsked = this.condition === 'starting';
    if (this.condition !== 'ready') return;
    this.io.supervisor.reloading();
    void this.reloads.take().then((ok) => this.io.supervisor.reloaded(ok));
  }

  /** Checked here first, so that a mistake is said once; then the workers read it themselves, one after the other. */
  private async reloadNow(): Promise<boolean> {
    if (this.asked) return false;
    let loaded: LoadedConfiguration;
    try {
      loaded = await loadConfiguration(this.options.config, this.io, this.io.sockets);
      await assemble(loaded, this.io.createServer);
    } catch (error) {
      for (const reason of reasonsOf(error, undefined))
        this.logger?.error({ reason }, 'the configuration was not reloaded');
      return false;
    }
    if (!sameSettings(loaded.process, this.loaded.process)) this.logger?.warn({}, START_ONLY);
    const used = await this.pool.reload((worker) =>
      this.logger?.error({ worker }, 'a worker could not reload, and keeps the configuration that it had'),
    );
    if (!used) return false;
    this.loaded = { ...loaded, process: this.loaded.process };
    return this.logs.reload();
  }

  private onLost(worker: number, end: WorkerEnd, againInMs: number): void {
    this.logger?.error({ worker, ...end, againInMs }, 'a worker has ended, and will be started anew');
    if (this.pool.alive > 0 || end.code !== EXIT.failure || !this.socketsAreLost()) return;
    this.logger?.fatal({}, 'no worker is left and the listeners can not be opened again: stopping');
    this.code = EXIT.failure;
    this.want();
  }

  /** Once no worker is left their sockets are closed, and those that root or systemd has opened are not to be had a second time. */
  private socketsAreLost(): boolean {
    return this.loaded.process.user !== undefined || this.io.sockets.size > 0;
  }

  private onStray(kind: StrayKind, error: unknown): void {
    if (kind === 'unhandledRejection') {
      this.logger?.error({ error }, 'a promise was rejected and nobody looked: a bug in the server');
      return;
    }
    if (this.logger === undefined) this.io.err(`an exception was not caught: ${reasonOf(error)}\n`);
    this.logger?.fatal({ error }, 'an exception was not caught: a bug in the server; stopping');
    this.code = EXIT.software;
    this.want();
  }

  private buildLogs(loaded: LoadedConfiguration): Promise<Generation> {
    const context = { createServer: this.io.createServer, admission: new LocalAdmission(), worker: undefined };
    const plan = loaded.plan && { ...loaded.plan, plugins: loaded.plan.plugins?.filter(isLogger), listeners: [] };
    return Generation.build({ ...loaded, plan }, context);
  }

  private async openHealth(): Promise<boolean> {
    const { io, loaded } = this;
    const { health: address } = loaded.process;
    if (address === undefined) return true;
    const { openHealth } = await import('./open-health.js');
    this.health = await openHealth(
      address,
      { condition: () => this.conditionOfAll(), metrics: () => this.metrics() },
      io,
      {
        quiet: this.options.quiet === true,
        scrub: (text) => loaded.secrets.scrub(text),
      },
    );
    return this.health !== undefined;
  }

  /** Ready if at least one is: the listening sockets are shared, so a connection comes to one that is. */
  private conditionOfAll(): Condition {
    return this.condition === 'ready' && this.pool.ready === 0 ? 'starting' : this.condition;
  }

  private async metrics(): Promise<Page | undefined> {
    const pages = await this.pool.metrics();
    const [first] = pages;
    if (first === undefined) return undefined;
    const merged = mergePages(pages.map(({ worker, page }) => ({ worker, text: page.text })));
    return { contentType: first.page.contentType, text: `${merged}\n${this.ownRows()}` };
  }

  private ownRows(): string {
    const { ready, restarts } = this.pool;
    return [
      '# HELP mailverb_workers_ready Processes that serve.',
      '# TYPE mailverb_workers_ready gauge',
      `mailverb_workers_ready ${ready}`,
      '',
      '# HELP mailverb_worker_restarts_total Processes that have ended without being told to.',
      '# TYPE mailverb_worker_restarts_total counter',
      `mailverb_worker_restarts_total ${restarts}`,
      '',
    ].join('\n');
  }
}

/** Its own, as far as it has one: whoever supervises judges by it. */
function exitCodeOf({ code }: WorkerEnd): number {
  return code === null || code === EXIT.ok ? EXIT.failure : code;
}
