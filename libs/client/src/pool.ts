/**
 * Connections to one next hop, kept and used again: so many at once, each for so many messages, each idle for so long. Who finds none free waits in line,
 * for a bounded time.
 */
import type { Clock, MaybePromise } from '@mailverb/contract';
import type { ClientConnection } from './connection.js';
import { ClientError } from './errors.js';

export interface PoolSettings {
  /** Connections at once, those in use and those that are opened among them. */
  readonly maxConnections: number;
  /** How long one is kept while nobody uses it; 0 keeps none. */
  readonly idleMs: number;
  /** Messages after which one is not used again. */
  readonly maxMessages: number;
  /** How long to wait for one in use to become free. */
  readonly waitMs: number;
}

interface Waiter {
  readonly give: (connection: Promise<ClientConnection> | ClientConnection) => void;
}

/** A pool. */
export class ClientPool {
  private readonly idle: ClientConnection[] = [];
  private readonly busy = new Set<ClientConnection>();
  private readonly waiters = new Set<Waiter>();
  private opening = 0;
  private closed = false;

  constructor(
    private readonly open: () => Promise<ClientConnection>,
    private readonly settings: PoolSettings,
    private readonly clock: Clock,
    private readonly name: string,
  ) {}

  /** Connections that are there: in use, idle, being opened. */
  get size(): number {
    return this.idle.length + this.busy.size + this.opening;
  }

  /**
   * A connection that is ready for a transaction; give it back with `release`, whatever becomes of it. One that was used before may turn out to be dead
   * at its first command.
   * @param fresh true for one that nobody has used.
   * @throws {ClientError} what opening came to, or `busy`.
   */
  acquire(fresh = false): MaybePromise<ClientConnection> {
    if (!fresh) {
      for (let last = this.idle.pop(); last !== undefined; last = this.idle.pop()) {
        if (!last.unpark()) {
          last.destroy();
          continue;
        }
        this.busy.add(last);
        return last;
      }
    }
    if (this.closed) return Promise.reject(new ClientError('busy', 'connect', `${this.name}: the pool is closed`));
    if (fresh && this.size >= this.settings.maxConnections) this.dropIdle();
    return this.size < this.settings.maxConnections ? this.opened() : this.waitInLine();
  }

  /** Gives a connection back: it is kept if it is good for another message. */
  release(connection: ClientConnection): void {
    this.busy.delete(connection);
    const { maxMessages, idleMs } = this.settings;
    const good = connection.quiet && connection.messages < maxMessages && !this.closed;
    const [first] = this.waiters;
    if (first !== undefined) {
      if (good) this.busy.add(connection);
      else void connection.quit();
      return first.give(good ? connection : this.opened());
    }
    if (!good || idleMs === 0) return void connection.quit();
    this.idle.push(connection);
    connection.park(idleMs, () => this.lost(connection));
  }

  /** Sees off those that are idle, and those in use when they are given back. Resolves when all are closed. */
  async close(): Promise<void> {
    this.closed = true;
    const leaving = this.idle.splice(0).map((connection) => connection.quit());
    await Promise.all(leaving);
    for (const connection of this.busy) connection.destroy();
    this.busy.clear();
  }

  private async opened(): Promise<ClientConnection> {
    this.opening += 1;
    let connection: ClientConnection;
    try {
      connection = await this.open();
    } catch (error) {
      this.opening -= 1;
      // Whoever waits gets a try of its own: it may fail too, but not by waiting.
      const [first] = this.waiters;
      first?.give(this.opened());
      throw error;
    }
    this.opening -= 1;
    if (this.closed) {
      connection.destroy();
      throw new ClientError('closed', 'connect', `${this.name}: the pool is closed`);
    }
    this.busy.add(connection);
    return connection;
  }

  private waitInLine(): Promise<ClientConnection> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        give: (connection) => {
          this.waiters.delete(waiter);
          alarm.cancel();
          resolve(connection);
        },
      };
      const alarm = this.clock.after(this.settings.waitMs, () => {
        this.waiters.delete(waiter);
        reject(
          new ClientError(
            'busy',
            'connect',
            `${this.name}: all ${this.settings.maxConnections} connections are in use`,
          ),
        );
      });
      this.waiters.add(waiter);
    });
  }

  private dropIdle(): void {
    void this.idle.shift()?.quit();
  }

  private lost(connection: ClientConnection): void {
    const at = this.idle.indexOf(connection);
    if (at !== -1) this.idle.splice(at, 1);
  }
}
