/** A whole server in the test's own process: memory instead of sockets, a clock that stands still, everything it says and does recorded. */
import { Clock, Logger, definePlugin, use, type Durability, type Plugin, type PluginUse } from '@mailverb/contract';
import { createServer, type Endpoint, type LimitsInput, type Server, type TimeoutsInput } from '@mailverb/core';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { settle, within } from '../event-loop.js';
import { FakeClock } from '../fake-clock.js';
import { memoryPair } from '../memory-pair.js';
import { TestClient } from './client.js';
import {
  recordingLogger,
  recordingObserver,
  type LogLine,
  type ObserverEvent,
  type ObserverEventOf,
} from './record.js';
import { Mailroom, remembering, type DeliveredMessage } from './remember.js';

/** What a test server is made of. */
export interface TestServerOptions {
  /** The listener's plugins, in order. */
  readonly plugins?: readonly PluginUse[];
  /** Plugins of the whole server. */
  readonly shared?: readonly PluginUse[];
  /** Default: one that keeps every message for `next()`. */
  readonly delivery?: PluginUse;
  /** Default `mx.example.org`. */
  readonly hostname?: string;
  readonly protocol?: 'smtp' | 'lmtp';
  readonly limits?: LimitsInput;
  readonly timeouts?: TimeoutsInput;
  readonly bareNewlines?: 'reject' | 'normalize' | 'accept';
  readonly minimumDurability?: Durability;
  readonly spool?: { readonly memory?: number; readonly directory?: string };
  /** Default `memory`; with `tcp` the server listens on a free port of 127.0.0.1, and `connect` connects to it. */
  readonly transport?: 'memory' | 'tcp';
  /** Who the clients of `connect` are, in memory. */
  readonly endpoint?: Partial<Endpoint>;
}

/** Addresses that no test machine has: RFC 5737. */
const ENDPOINT: Endpoint = {
  remoteAddress: '192.0.2.1',
  remotePort: 50_000,
  localAddress: '192.0.2.25',
  localPort: 25,
};

const LISTENER = 'test';

/** Builds and starts a test server. @throws {ConfigurationError} (rejects) like the real one. */
export async function testServer(options: TestServerOptions = {}): Promise<TestServer> {
  const clock = new FakeClock();
  const room = new Mailroom();
  const events: ObserverEvent[] = [];
  const log: LogLine[] = [];
  const { plugins = [], shared = [], delivery, hostname = 'mx.example.org', transport = 'memory' } = options;
  const server = await createServer({
    hostname,
    plugins: [use(servicesPlugin(clock, recordingLogger(log), events)), ...shared],
    listeners: [
      {
        name: LISTENER,
        ...(transport === 'tcp' ? { host: '127.0.0.1', port: 0 } : {}),
        plugins,
        delivery: delivery ?? remembering(room),
        protocol: options.protocol,
        limits: options.limits,
        timeouts: options.timeouts,
        bareNewlines: options.bareNewlines,
        minimumDurability: options.minimumDurability,
      },
    ],
    spool: options.spool,
  });
  await server.start();
  return new TestServer(server, clock, events, log, delivery === undefined ? room : undefined, options);
}

function servicesPlugin(clock: FakeClock, logger: Logger, events: ObserverEvent[]): Plugin {
  return definePlugin({
    name: 'service-testing',
    register(contribute) {
      contribute.service(Clock, clock);
      contribute.service(Logger, logger);
      contribute.observer('recording', recordingObserver(events));
    },
  });
}

/** A server that was started for a test. Make it with {@link testServer}. */
export class TestServer {
  private readonly streams = new Set<Duplex>();

  constructor(
    /** The server itself. */
    readonly server: Server,
    /** Its clock. */
    readonly clock: FakeClock,
    /** What its observers were told, in order. */
    readonly events: readonly ObserverEvent[],
    /** What it logged. */
    readonly log: readonly LogLine[],
    private readonly room: Mailroom | undefined,
    private readonly options: TestServerOptions,
  ) {}

  /** Every message that was committed so far. */
  get messages(): readonly DeliveredMessage[] {
    return this.mailroom().messages;
  }

  /** The next message that no earlier call has taken. */
  next(): Promise<DeliveredMessage> {
    return within(this.mailroom().next(), () => new Error('no message was delivered'));
  }

  /** The events of one type. */
  eventsOf<K extends ObserverEvent['type']>(type: K): readonly ObserverEventOf<K>[] {
    return this.events.filter((event): event is ObserverEventOf<K> => event.type === type);
  }

  /** The client's end of a new connection. */
  connect(endpoint: Partial<Endpoint> = {}): Duplex {
    const stream = this.options.transport === 'tcp' ? this.dial() : this.join(endpoint);
    // Whoever is interested listens too; for the others a reset is only an end.
    stream.on('error', () => undefined);
    this.streams.add(stream);
    stream.on('close', () => this.streams.delete(stream));
    return stream;
  }

  /** A scripted client on a new connection. */
  client(endpoint: Partial<Endpoint> = {}): TestClient {
    return new TestClient(this.connect(endpoint));
  }

  /** Ends all connections of `connect`, then the server. */
  async stop(): Promise<void> {
    for (const stream of this.streams) stream.destroy();
    await settle();
    let stopped = false;
    const stopping = this.server.stop({ deadlineMs: 1000 }).finally(() => {
      stopped = true;
    });
    // The deadline, and whatever else the end waits for, is of fake time.
    for (let i = 0; i < 100 && !stopped; i++) await this.clock.advance(1000);
    await within(stopping, () => new Error('the server does not stop'));
    this.room?.close(new Error('the server has stopped'));
  }

  private dial(): Duplex {
    const port = this.server.addresses().find((address) => address.listener === LISTENER)?.port;
    if (port === undefined) throw new Error('the server does not listen on TCP');
    return connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  }

  private join(endpoint: Partial<Endpoint>): Duplex {
    const [client, server] = memoryPair();
    this.server.accept(LISTENER, server, { ...ENDPOINT, ...this.options.endpoint, ...endpoint });
    return client;
  }

  private mailroom(): Mailroom {
    if (this.room === undefined) throw new Error('messages are only kept by the default delivery');
    return this.room;
  }
}
