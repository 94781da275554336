/**
 * The plugin host: collect → validate → register → check → freeze, and a server that can then start → drain → stop.
 *
 * Nothing up to `start` opens a file or a socket, so that checking a configuration is the same code stopped early.
 */
import { Clock, Logger } from '@mailverb/contract';
import type { Duplex } from 'node:stream';
import { DEFAULT_SPOOL, Spool } from '../body/spool.js';
import { LocalAdmission } from '../listener/admission.js';
import type { Listener } from '../listener/listener.js';
import { Sweeper } from '../listener/sweeper.js';
import { SystemClock } from '../system-clock.js';
import { asKey, Builder, rootContainer, type Part } from './builder.js';
import { assembledPlugin, authenticatorsOf, buildListener, observersOf, prepareListener } from './build-listener.js';
import { instantiate, messageOf, type Instance } from './instance.js';
import { ConfigurationError, type Issue, type ServerPlan } from './plan.js';
import type { Assembly, BoundAddress, Endpoint, Server } from './server.js';
import { StderrLogger } from './stderr-logger.js';
import { join } from './validate.js';

const DEFAULT_DEADLINE_MS = 30_000;
const LEFTOVERS_MS = 5_000;

/** Collects, validates, registers, checks and freezes. @throws {ConfigurationError} (rejects) with everything that is wrong. */
export async function createServer(plan: ServerPlan): Promise<Server> {
  const issues: Issue[] = [];
  const shared: Instance[] = [];
  for (const [i, use] of (plan.plugins ?? []).entries()) {
    const instance = await instantiate(use, use.path ?? join('plugins', [i]), issues);
    if (instance !== undefined) shared.push(instance);
  }
  for (const instance of shared) issues.push(...notShared(instance));
  const prepared = [];
  for (const [i, listener] of plan.listeners.entries()) {
    prepared.push(await prepareListener(listener, listener.configPath ?? join('listeners', [i]), issues));
  }
  issues.push(...sameNames(plan));

  const parts: Part[] = [];
  const container = rootContainer();
  container.register(asKey(Clock), { useValue: new SystemClock() });
  container.register(asKey(Logger), { useValue: new StderrLogger() });
  const spool = new Spool({ ...DEFAULT_SPOOL, ...plan.spool });
  const builder = new Builder(container, parts, issues, spool);
  for (const instance of shared) builder.provide(instance);
  for (const instance of shared) builder.needs(instance);
  const observers = shared.flatMap((instance) => observersOf(builder, instance));
  const authenticators = shared.flatMap((instance) => authenticatorsOf(builder, instance));
  for (const instance of shared) builder.rest(instance);
  // A clock or logger that can't be built is an issue already; nothing can be built with it.
  if (issues.length > 0 && shared.length < (plan.plugins?.length ?? 0)) throw new ConfigurationError(issues);
  const [clock, logger] = resolveBasics(container, issues);
  const sweeper = new Sweeper(clock);
  const pending = new Set<Promise<unknown>>();
  const admission = plan.admission ?? new LocalAdmission();
  const scope = { plan, container, observers, authenticators, admission, parts, sweeper, spool, pending, issues };
  const built = prepared.flatMap((listener) => (listener === undefined ? [] : [buildListener(listener, scope)]));
  if (issues.length > 0) throw new ConfigurationError(unique(issues));

  const assembly: Assembly = Object.freeze({
    hostname: plan.hostname,
    plugins: shared.map(assembledPlugin),
    listeners: built.map((one) => one.assembly),
  });
  return new BuiltServer(
    assembly,
    built.map((one) => one.listener),
    parts,
    clock,
    logger,
    pending,
  );
}

function resolveBasics(container: ReturnType<typeof rootContainer>, issues: Issue[]): [Clock, Logger] {
  try {
    return [container.resolve(asKey<Clock>(Clock)), container.resolve(asKey<Logger>(Logger))];
  } catch (error) {
    if (issues.length === 0) issues.push({ path: '', message: messageOf(error) });
    throw new ConfigurationError(unique(issues));
  }
}

/** What belongs to a listener can't be shared by all. */
function notShared({ contributions, path, plugin }: Instance): Issue[] {
  const { verbs, extensions, mechanisms, policies, transforms, deliveries } = contributions;
  if ([verbs, extensions, mechanisms, policies, transforms, deliveries].every(({ length }) => length === 0)) return [];
  return [
    {
      path,
      message: `plugin ${plugin.name} belongs to a listener: only services, loggers, stores, authenticators and observers are shared by all`,
    },
  ];
}

function sameNames(plan: ServerPlan): Issue[] {
  const names = new Set<string>();
  return plan.listeners.flatMap(({ name, configPath }, i) => {
    if (!names.has(name)) {
      names.add(name);
      return [];
    }
    return [
      {
        path: join(configPath ?? join('listeners', [i]), ['name']),
        message: 'two listeners have this name',
        value: name,
      },
    ];
  });
}

function unique(issues: readonly Issue[]): Issue[] {
  return [...new Map(issues.map((issue) => [`${issue.path}\n${issue.message}`, issue])).values()];
}

/** The server that was built. */
class BuiltServer implements Server {
  private started: Part[] = [];
  private state: 'built' | 'started' | 'stopped' = 'built';
  private starting: Promise<void> | undefined = undefined;
  private stopping: Promise<void> | undefined = undefined;
  private retiring: Promise<void> | undefined = undefined;

  constructor(
    readonly assembly: Assembly,
    private readonly listeners: readonly Listener[],
    private readonly parts: readonly Part[],
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly pending: ReadonlySet<Promise<unknown>>,
  ) {}

  start({ takeOver }: { readonly takeOver?: Server } = {}): Promise<void> {
    if (this.state !== 'built') return Promise.reject(new Error('a server is started once'));
    this.state = 'started';
    this.starting = this.startOnce(takeOver instanceof BuiltServer ? takeOver.listeners : []);
    return this.starting;
  }

  private async startOnce(before: readonly Listener[]): Promise<void> {
    const taken: { readonly from: Listener; readonly by: Listener }[] = [];
    try {
      for (const part of this.parts) {
        this.goOn();
        await named(part.name, () => part.start?.());
        this.started.push(part);
      }
      for (const listener of this.listeners) {
        this.goOn();
        const from = before.find((one) => one.isAt(listener));
        if (from !== undefined && listener.takeOver(from)) {
          taken.push({ from, by: listener });
          continue;
        }
        await named(`listener ${listener.runtime.info.name}`, () => listener.listen());
      }
    } catch (error) {
      for (const { from, by } of taken) from.takeOver(by);
      for (const listener of this.listeners) listener.destroy();
      await this.stopParts();
      this.state = 'stopped';
      throw error;
    }
  }

  /** A server that is told to stop while it starts does not go on starting. */
  private goOn(): void {
    if (this.stopping !== undefined) throw new Error('the server was stopped while it started');
  }

  addresses(): readonly BoundAddress[] {
    return this.listeners.flatMap((listener) => listener.bound() ?? []);
  }

  accept(name: string, stream: Duplex, endpoint: Partial<Endpoint> = {}): void {
    const listener = this.listeners.find(({ runtime }) => runtime.info.name === name);
    if (listener === undefined) throw new Error(`there is no listener "${name}"`);
    if (this.state !== 'started' || this.stopping !== undefined) throw new Error('the server is not running');
    listener.accept(stream, { remoteAddress: '', remotePort: 0, localAddress: '', localPort: 0, ...endpoint });
  }

  get sessions(): number {
    return this.listeners.reduce((sum, { connections }) => sum + connections.size, 0);
  }

  stop({ deadlineMs = DEFAULT_DEADLINE_MS }: { readonly deadlineMs?: number } = {}): Promise<void> {
    return (this.stopping ??= this.stopOnce(deadlineMs));
  }

  retire(): Promise<void> {
    return (this.retiring ??= this.retireOnce());
  }

  private async retireOnce(): Promise<void> {
    await this.starting?.catch(() => {});
    await Promise.all(this.listeners.map((listener) => listener.retire()));
    await this.stop();
  }

  private async stopOnce(deadlineMs: number): Promise<void> {
    if (this.state === 'built') this.state = 'stopped';
    // A start that is under way sees that it is over, and stops what it has started.
    await this.starting?.catch(() => {});
    if (this.state !== 'started') return;
    const drained = Promise.all(this.listeners.map((listener) => listener.drain()));
    const alarm = this.clock.after(deadlineMs, () => {
      this.logger.warn({ sessions: this.sessions }, 'shutdown deadline reached, closing what is left');
      for (const listener of this.listeners) listener.destroy();
    });
    await drained;
    alarm.cancel();
    await this.settled();
    await this.stopParts();
    this.state = 'stopped';
  }

  /** Deliveries that are still committing or cleaning up get a moment: what they leave half done would be there after a restart. */
  private async settled(): Promise<void> {
    if (this.pending.size === 0) return;
    await new Promise<void>((resolve) => {
      const alarm = this.clock.after(LEFTOVERS_MS, () => {
        this.logger.warn({ pending: this.pending.size }, 'deliveries did not come to an end');
        resolve();
      });
      void Promise.allSettled(this.pending).then(() => {
        alarm.cancel();
        resolve();
      });
    });
  }

  /** In reverse order; one that fails does not keep the others from stopping. */
  private async stopParts(): Promise<void> {
    for (const part of this.started.reverse()) {
      try {
        await part.stop?.();
      } catch (error) {
        this.logger.error({ error, where: part.name }, `${part.name} failed to stop`);
      }
    }
    this.started = [];
  }
}

/** Says whose start failed. */
async function named(name: string, start: () => unknown): Promise<void> {
  try {
    await start();
  } catch (error) {
    throw new StartError(name, error);
  }
}

/** Something could not start: `cause` is what it threw, with its `code` (EADDRINUSE…) if it has one. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly code: string | undefined;
  constructor(
    readonly part: string,
    override readonly cause: unknown,
  ) {
    super(`${part} could not start: ${messageOf(cause)}`);
    this.code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : undefined;
  }
}
