/**
 * Keeps one connection to a broker: made at start, made anew when it was lost, after a pause that grows. While there is none everybody who asks hears so
 * at once, and nothing is buffered: what is sent on a later connection would have been answered 451 meanwhile.
 */
import type { Alarm, Clock, Lifecycle, Logger } from '@mailverb/contract';
import { PublishError } from './publication.js';
import type { LinkOptions } from './publish.options.js';

/** A connection that can be used. */
export interface BrokerConnection {
  /** Resolves when it is over, with the cause if there is one. Never rejects. */
  readonly lost: Promise<unknown>;
  /** Ends it, and all that is pending on it. Takes a bounded time. Harmless when it is over. */
  close(): Promise<void>;
}

/** Makes a connection that can be used: logged in, checked. When `signal` fires it is not wanted any more. */
export type Dial<C extends BrokerConnection> = (signal: AbortSignal) => Promise<C>;

/** One connection to a broker, or the reason why there is none. */
export class BrokerLink<C extends BrokerConnection> implements Lifecycle {
  private readonly options: LinkOptions;
  private current: C | undefined = undefined;
  private cause: unknown = new Error('it was not started');
  private dialing: Promise<void> | undefined = undefined;
  private dialled = new AbortController();
  private pause: Alarm | undefined = undefined;
  private pauseMs: number;
  private since = 0;
  private stopped = true;
  /** An outage is told once. */
  private told = false;

  constructor(
    private readonly name: string,
    private readonly dial: Dial<C>,
    options: LinkOptions,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    const { connectTimeout, reconnectAfter, reconnectAtMost } = options;
    // A plugin gives all its options, and some of them are secrets.
    this.options = { connectTimeout, reconnectAfter, reconnectAtMost };
    this.pauseMs = reconnectAfter;
  }

  /** Why there is no connection; undefined if there is one. */
  get trouble(): PublishError | undefined {
    if (this.current !== undefined) return undefined;
    return new PublishError('unavailable', `${this.name}: there is no connection to the broker`, { cause: this.cause });
  }

  /** The connection. @throws {PublishError} if there is none. */
  get connection(): C {
    const { current, trouble } = this;
    if (current === undefined) throw trouble ?? new Error('unreachable');
    return current;
  }

  /** Resolves when the first attempt is over, whether it succeeded or not: a server may start before its broker. */
  async start(): Promise<void> {
    this.stopped = false;
    await this.attempt();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.cause = new Error('it was stopped');
    this.pause?.cancel();
    this.pause = undefined;
    this.dialled.abort();
    const { current } = this;
    this.current = undefined;
    await Promise.all([this.dialing, current?.close()]);
  }

  private attempt(): Promise<void> {
    this.pause = undefined;
    this.dialing = this.connect().finally(() => {
      this.dialing = undefined;
    });
    return this.dialing;
  }

  private async connect(): Promise<void> {
    this.dialled = new AbortController();
    const { signal } = this.dialled;
    const alarm = this.clock.after(this.options.connectTimeout, () => this.dialled.abort());
    try {
      this.use(await inTime(signal, this.dial(signal)));
    } catch (error) {
      this.failed(error, 'no connection to the broker');
    } finally {
      alarm.cancel();
    }
  }

  private use(connection: C): void {
    this.current = connection;
    this.since = this.clock.now();
    this.told = false;
    this.logger.info({}, `${this.name}: connected to the broker`);
    connection.lost.then((cause) => {
      if (this.current !== connection) return;
      this.current = undefined;
      // One that is lost as soon as it is there is not made at that pace.
      if (this.clock.now() - this.since >= this.options.reconnectAtMost) this.pauseMs = this.options.reconnectAfter;
      this.failed(cause ?? new Error('the broker ended it'), 'the connection to the broker was lost');
    });
  }

  private failed(error: unknown, what: string): void {
    this.cause = error;
    if (this.stopped) return;
    this.logger[this.told ? 'debug' : 'warn']({ error }, `${this.name}: ${what}`);
    this.told = true;
    this.pause = this.clock.after(this.pauseMs, () => void this.attempt());
    this.pauseMs = Math.min(this.options.reconnectAtMost, this.pauseMs * 2);
  }
}

/** What was dialled, unless the signal is first: what comes later is closed, and nobody waits for it. */
function inTime<C extends BrokerConnection>(signal: AbortSignal, dialled: Promise<C>): Promise<C> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error('there was no connection in time'));
    signal.addEventListener('abort', late, { once: true });
    dialled.then((connection) => {
      signal.removeEventListener('abort', late);
      if (!signal.aborted) resolve(connection);
      else connection.close().catch(() => undefined);
    }, reject);
  });
}
