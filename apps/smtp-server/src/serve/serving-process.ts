/**
 * A process that serves: from the first start to the end of the last session. Signals, failures that nobody caught (attack A24), reloads and the
 * endpoint for monitoring are the process's business; assemblies come and go.
 */
import { ConfigurationError, LocalAdmission } from '@mailverb/core';
import { announce } from '../cli/announce.js';
import { EXIT, type Io, type StrayKind } from '../cli/io.js';
import { explainStartError } from '../cli/start-error.js';
import { notes, summary } from '../cli/summary.js';
import { reasonOf, stackOf } from '../errors.js';
import { loadConfiguration, type LoadedConfiguration } from '../plan/load.js';
import { sameSettings, START_ONLY } from '../plan/process-settings.js';
import { Generation, type GenerationContext } from './generation.js';
import { Generations } from './generations.js';
import type { Condition, HealthServer } from './health.js';
import { giveUpPrivileges } from './privileges.js';

/** Options of the command. */
export interface ServeOptions {
  readonly config?: string | undefined;
  /** Says nothing on starting. */
  readonly quiet?: boolean | undefined;
  readonly debug?: boolean | undefined;
}

export class ServingProcess {
  private readonly generations: Generations;
  private readonly context: GenerationContext;
  private code: number = EXIT.ok;
  private condition: Condition = 'starting';
  private asked = false;
  private reloadAsked = false;
  private health: HealthServer | undefined;
  private releaseStray: (() => void) | undefined;
  private readonly wanted: Promise<void>;
  private want: () => void = () => undefined;

  constructor(
    private readonly loaded: LoadedConfiguration,
    private readonly options: ServeOptions,
    private readonly io: Io,
  ) {
    const { createServer, worker } = io;
    this.context = { createServer, admission: worker?.admission ?? new LocalAdmission(), worker: worker?.slot };
    this.generations = new Generations(() => this.buildNext());
    this.wanted = new Promise((resolve) => (this.want = resolve));
  }

  /** Resolves to the exit code. Rejects with a ConfigurationError if that is what is wrong. */
  async run(): Promise<number> {
    const { io } = this;
    const releases = [io.onSignal((signal) => this.onSignal(signal)), io.onReload(() => this.onReload())];
    io.worker?.onMetrics(() => this.metrics());
    try {
      const first = await Generation.build(this.loaded, this.context);
      if (!(await this.openHealth())) return EXIT.failure;
      if (!(await this.start(first))) return this.code;
      await this.wanted;
      return await this.end();
    } finally {
      for (const release of releases) release();
      this.releaseStray?.();
      this.health?.close();
    }
  }

  /** False if it came to nothing, or the end came first; then the exit code is set. */
  private async start(first: Generation): Promise<boolean> {
    const { io, options } = this;
    const { secrets } = this.loaded;
    // From here on there will be a log to write to.
    this.releaseStray = io.onStray((kind, error) => this.onStray(kind, error));
    try {
      const how = await giveUpPrivileges(this.loaded.process, first.plan, io);
      const starting = this.generations.start(first, how.start);
      // Told to stop meanwhile: it is not waited for, but told to give up.
      await Promise.race([starting, this.wanted]);
      if (this.asked) {
        starting.catch(() => undefined);
        await this.end();
        return false;
      }
      how.done();
    } catch (error) {
      if (error instanceof ConfigurationError) throw error;
      io.err(`${secrets.scrub(explainStartError(error, first.plan))}\n`);
      if (options.debug === true) io.err(`${stackOf(error)}\n`);
      this.code = EXIT.failure;
      return false;
    }
    const addresses = first.server.addresses();
    if (options.quiet !== true && io.worker === undefined) {
      const zeroConfiguration = this.loaded.file === undefined;
      io.err(announce(first.plan, addresses, { secrets, cwd: io.cwd, zeroConfiguration }));
      for (const note of notes(first.server.assembly)) io.err(`note: ${secrets.scrub(note)}\n`);
    }
    first.logger?.info({ assembly: secrets.scrub(summary(first.server.assembly)) }, 'started');
    this.condition = 'ready';
    io.supervisor.ready(addresses);
    if (this.reloadAsked) this.onReload();
    return true;
  }

  private async end(): Promise<number> {
    this.condition = 'draining';
    this.io.supervisor.stopping();
    try {
      await this.generations.stop(this.deadlineMs);
    } catch (error) {
      this.io.err(`cannot stop cleanly: ${reasonOf(error)}\n`);
      this.code = this.code === EXIT.ok ? EXIT.failure : this.code;
    }
    return this.code;
  }

  private onSignal(signal: string): void {
    if (this.asked) this.io.exit(EXIT.failure);
    this.asked = true;
    this.generations.logger?.info({ signal, deadlineMs: this.deadlineMs }, 'stopping');
    this.want();
  }

  private onReload(): void {
    // Before the start is over there is nothing to take over from: it is done then.
    this.reloadAsked = this.condition === 'starting';
    if (this.condition !== 'ready') return;
    this.io.supervisor.reloading();
    void this.generations.reload().then((ok) => this.io.supervisor.reloaded(ok));
  }

  private onStray(kind: StrayKind, error: unknown): void {
    const { logger } = this.generations;
    if (kind === 'unhandledRejection') {
      logger?.error({ error }, 'a promise was rejected and nobody looked: a bug in a plugin or in the server');
      return;
    }
    logger?.fatal({ error }, 'an exception was not caught: a bug in a plugin or in the server; stopping');
    // What comes while it stops does not end it sooner.
    if (this.code === EXIT.software) return;
    this.code = EXIT.software;
    this.want();
  }

  private get deadlineMs(): number {
    return (this.generations.current?.loaded ?? this.loaded).deadlineMs;
  }

  private async buildNext(): Promise<Generation> {
    const loaded = await loadConfiguration(this.options.config, this.io, this.io.sockets);
    const generation = await Generation.build(loaded, this.context);
    if (!sameSettings(loaded.process, this.loaded.process)) this.generations.logger?.warn({}, START_ONLY);
    return generation;
  }

  private async openHealth(): Promise<boolean> {
    const { io, loaded } = this;
    const { health: address } = loaded.process;
    // One of several: whoever has started it answers for all.
    if (address === undefined || io.worker !== undefined) return true;
    const { openHealth } = await import('./open-health.js');
    const opened = await openHealth(address, { condition: () => this.condition, metrics: () => this.metrics() }, io, {
      quiet: this.options.quiet === true,
      scrub: (text) => loaded.secrets.scrub(text),
    });
    this.health = opened;
    return opened !== undefined;
  }

  private async metrics() {
    const metrics = this.generations.current?.metrics;
    if (metrics === undefined) return undefined;
    return { contentType: metrics.contentType, text: await metrics.render() };
  }
}
