/**
 * The assemblies of this process: one that new sessions get, and older ones whose sessions have not ended yet. A reload that fails in any way
 * changes nothing.
 */
import type { Logger } from '@mailverb/contract';
import type { Generation } from './generation.js';
import { reasonsOf } from './explain.js';
import { Turns } from './turns.js';

/** Makes the next one, from the configuration as it is now. */
export type BuildNext = () => Promise<Generation>;

export class Generations {
  private live: Generation | undefined;
  private next: Generation | undefined;
  private readonly retiring = new Set<Generation>();
  private readonly turns = new Turns(() => this.reloadNow());
  private ending = false;

  constructor(private readonly buildNext: BuildNext) {}

  /** The one that new sessions get. */
  get current(): Generation | undefined {
    return this.live;
  }

  /** The logger of the moment. */
  get logger(): Logger | undefined {
    return this.live?.logger ?? this.next?.logger;
  }

  /** Open sessions, of all. */
  get sessions(): number {
    return [...this.retiring, ...(this.live === undefined ? [] : [this.live])].reduce(
      (sum, { server }) => sum + server.sessions,
      0,
    );
  }

  /** Starts the first. Rejects with what its start rejects with. */
  async start(first: Generation, how?: Parameters<Generation['server']['start']>[0]): Promise<void> {
    this.next = first;
    const started = first.server.start(how);
    this.turns.after(started);
    await started;
    this.live = first;
    this.next = undefined;
  }

  /**
   * Puts the configuration as it is now to use. Asked again while one waits for its turn, that one will do: it reads what is written then.
   * Resolves to whether it is in use; the log says why not.
   */
  reload(): Promise<boolean> {
    return this.turns.take();
  }

  /** Ends all of them: idle sessions at once, transactions by the deadline. */
  async stop(deadlineMs: number): Promise<void> {
    this.ending = true;
    // One that is about to start gives back what it has taken over before the older one is told to close it.
    const aborted = this.next?.server.stop({ deadlineMs });
    if (this.next !== undefined) await this.turns.over();
    const rest = [...this.retiring, ...(this.live === undefined ? [] : [this.live])];
    await Promise.all([aborted, ...rest.map(({ server }) => server.stop({ deadlineMs }))]);
  }

  private async reloadNow(): Promise<boolean> {
    const before = this.live;
    if (this.ending || before === undefined) return false;
    before.logger?.info({}, 'reading the configuration again');
    let next: Generation | undefined;
    try {
      next = await this.buildNext();
      if (this.ending) return false;
      this.next = next;
      await next.server.start({ takeOver: before.server });
    } catch (error) {
      this.next = undefined;
      // Told to stop meanwhile: that is why, and nobody waits for more.
      if (!this.ending) this.explain(error, before, next);
      return false;
    }
    this.live = next;
    this.next = undefined;
    this.retire(before);
    next.logger?.info({ retiring: before.server.sessions }, 'the configuration was read again and is in use');
    return true;
  }

  /** In the background: its sessions end when they end. */
  private retire(before: Generation): void {
    this.retiring.add(before);
    before.server
      .retire()
      .catch((error: unknown) => this.logger?.error({ error }, 'the old assembly did not stop cleanly'))
      .finally(() => this.retiring.delete(before));
  }

  private explain(error: unknown, before: Generation, next: Generation | undefined): void {
    const scrub = (text: string) => (next ?? before).scrub(text);
    for (const reason of reasonsOf(error, next?.plan))
      before.logger?.error({ reason: scrub(reason) }, 'the configuration was not reloaded');
  }
}
