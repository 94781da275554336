/** A connection to NATS that is logged in and knows that its stream is there, or none. */
import type { Logger } from '@mailverb/contract';
import { jetstream, jetstreamManager, type JetStreamClient, type StreamInfo } from '@nats-io/jetstream';
import {
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
  type Authenticator,
  type NatsConnection,
} from '@nats-io/transport-node';
import type { BrokerConnection } from '@mailverb/publish';
import { connect } from './connect.js';
import type { NatsOptions } from './nats.options.js';

/** What {@link connectToStream} makes. */
export interface StreamConnection extends BrokerConnection {
  readonly jetstream: JetStreamClient;
  /** Octets of headers and body that both the server and the stream take. */
  readonly maxOctets: number;
}

/** Connects, logs in, and looks at the stream. Rejects if anything of that is not as it must be. */
export async function connectToStream(
  options: NatsOptions,
  logger: Logger,
  signal: AbortSignal,
): Promise<StreamConnection> {
  const { servers, tls, connectTimeout, pingInterval } = options;
  const connection = await connect({
    servers: [...servers],
    name: 'mailverb',
    // The order of the configuration says which is wanted first.
    noRandomize: true,
    // The library would keep what is published meanwhile and send it later, when it was answered 451 long ago.
    reconnect: false,
    timeout: connectTimeout,
    pingInterval,
    maxPingOut: 2,
    ...(tls === undefined ? {} : { tls: { caFile: tls.ca, certFile: tls.cert, keyFile: tls.key } }),
    authenticator: authenticators(options),
  });
  try {
    signal.throwIfAborted();
    const streams = (await jetstreamManager(connection, { checkAPI: false, timeout: connectTimeout })).streams;
    const info = await streams.info(options.stream);
    inspectStream(info, logger);
    return new Connected(connection, info);
  } catch (error) {
    await connection.close();
    throw error;
  }
}

class Connected implements StreamConnection {
  readonly lost: Promise<unknown>;
  readonly jetstream: JetStreamClient;
  readonly maxOctets: number;
  readonly #connection: NatsConnection;

  constructor(connection: NatsConnection, { config }: StreamInfo) {
    this.#connection = connection;
    this.jetstream = jetstream(connection);
    this.lost = connection.closed();
    const server = connection.info?.max_payload ?? 0;
    // -1 and 0 of the stream mean that it has no limit of its own.
    this.maxOctets = config.max_msg_size > 0 ? Math.min(server, config.max_msg_size) : server;
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}

function inspectStream({ config }: StreamInfo, logger: Logger): void {
  if (config.no_ack === true) throw new Error(`the stream ${config.name} acknowledges nothing (no_ack)`);
  if (config.sealed) throw new Error(`the stream ${config.name} takes nothing any more (sealed)`);
  if (config.storage === 'memory') {
    logger.warn(
      { stream: config.name },
      'nats: the stream keeps messages in memory: a 250 does not survive its server',
    );
  }
}

function authenticators({ token, user, password, nkeySecret }: NatsOptions): Authenticator[] {
  if (token !== undefined) return [tokenAuthenticator(() => token)];
  if (user !== undefined)
    return [
      usernamePasswordAuthenticator(
        () => user,
        () => password ?? '',
      ),
    ];
  if (nkeySecret !== undefined) return [nkeyAuthenticator(() => Buffer.from(nkeySecret, 'ascii'))];
  return [];
}
