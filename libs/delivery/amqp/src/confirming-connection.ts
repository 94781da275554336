/**
 * A connection to RabbitMQ with one channel that confirms. What is not confirmed when either ends has failed, for all that anybody knows.
 */
import { readFileSync } from 'node:fs';
import type { Clock, Logger } from '@mailverb/contract';
import { PublishError, type BrokerConnection, type Publication } from '@mailverb/publish';
import { connect, type ChannelModel, type ConfirmChannel, type Options as Amqp, type SocketOptions } from 'amqplib';
import type { AmqpOptions } from './amqp.options.js';

/** How long a server may take to say goodbye. */
const CLOSE_MS = 2000;

/** A message that is not confirmed yet. */
interface Sent {
  readonly id: string;
  /** Why it came back: no queue wants it. Told before the confirm. */
  returned: string | undefined;
}

/** Makes connections, to one server after another. */
export class Connector {
  readonly #options: AmqpOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #next = 0;

  constructor(options: AmqpOptions, clock: Clock, logger: Logger) {
    this.#options = options;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Connects, logs in, opens the channel, and looks whether the exchange is there. Rejects if anything of that fails. */
  async connect(signal: AbortSignal): Promise<ConfirmingConnection> {
    const { servers, exchange, declare } = this.#options;
    const url = servers[this.#next++ % servers.length] ?? '';
    // The library can be told to give up in no other way than by taking its socket away.
    const socket = new AbortController();
    const giveUp = () => socket.abort();
    signal.addEventListener('abort', giveUp);
    try {
      signal.throwIfAborted();
      const model = await connect(this.#where(url), this.#how(socket.signal));
      const connection = new ConfirmingConnection(model, socket, exchange, this.#clock, this.#logger);
      try {
        await connection.open(declare);
        return connection;
      } catch (error) {
        await connection.close();
        throw error;
      }
    } catch (error) {
      socket.abort();
      throw error;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  #where(url: string): Amqp.Connect {
    const { protocol, hostname, port, pathname } = new URL(url);
    const { user, password, heartbeat } = this.#options;
    return {
      protocol: protocol.slice(0, -1),
      hostname: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? undefined : Number(port),
      vhost: pathname.slice(1),
      username: user,
      password,
      heartbeat: Math.round(heartbeat / 1000),
    };
  }

  #how(signal: AbortSignal): SocketOptions & { signal: AbortSignal } {
    const { tls } = this.#options;
    const read = (path: string | undefined) => (path === undefined ? undefined : readFileSync(path));
    return {
      signal,
      noDelay: true,
      clientProperties: { connection_name: 'mailverb' },
      ...(tls === undefined ? {} : { ca: read(tls.ca), cert: read(tls.cert), key: read(tls.key) }),
    };
  }
}

/** One connection, from the handshake to its end. */
export class ConfirmingConnection implements BrokerConnection {
  readonly lost: Promise<unknown>;
  /** Set while the broker takes nothing: it has no memory or no disk left. */
  blocked: PublishError | undefined = undefined;
  readonly #model: ChannelModel;
  readonly #socket: AbortController;
  readonly #exchange: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #sent = new Set<Sent>();
  #channel: ConfirmChannel | undefined = undefined;
  /** What was wrong first: the end of the connection says less. */
  #cause: unknown = undefined;
  #over = false;

  constructor(model: ChannelModel, socket: AbortController, exchange: string, clock: Clock, logger: Logger) {
    this.#model = model;
    this.#socket = socket;
    this.#exchange = exchange;
    this.#clock = clock;
    this.#logger = logger;
    this.lost = new Promise((resolve) => {
      model.on('close', (error) => {
        this.#over = true;
        resolve(this.#cause ?? error);
      });
    });
    // Without a listener an error would end the process.
    model.on('error', (error) => this.#blame(error));
    model.on('blocked', (reason) => {
      this.#logger.warn({ reason }, 'amqp: the broker takes nothing for now');
      this.blocked = new PublishError('unavailable', `amqp: the broker has blocked the connection: ${reason}`);
    });
    model.on('unblocked', () => {
      this.#logger.info({}, 'amqp: the broker takes messages again');
      this.blocked = undefined;
    });
  }

  /** Opens the channel and looks at the exchange, without making one. */
  async open(declare: AmqpOptions['declare']): Promise<void> {
    const channel = await this.#model.createConfirmChannel();
    this.#channel = channel;
    channel.on('error', (error) => this.#blame(error));
    // The broker closes a channel for one wrong message; a new connection is the simple way to have a new one.
    channel.on('close', () => void this.close());
    channel.on('return', ({ fields, properties }) => this.#returned(properties.messageId, fields));
    if (this.#exchange !== '') await channel.checkExchange(this.#exchange);
    if (declare === undefined) return;
    const { queue, type, bindingKey } = declare;
    await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': type } });
    if (this.#exchange !== '') await channel.bindQueue(queue, this.#exchange, bindingKey);
  }

  /** Resolves when the message is confirmed and was not returned. Settles when the connection ends, at the latest. */
  publish({ id, target, headers, body }: Publication): Promise<void> {
    return new Promise((resolve, reject) => {
      const sent: Sent = { id, returned: undefined };
      const settle = (error: unknown) => {
        this.#sent.delete(sent);
        if (error !== null && error !== undefined) reject(unconfirmed(this.#cause ?? error));
        else if (sent.returned !== undefined) reject(new PublishError('unroutable', `amqp: ${sent.returned}`));
        else resolve();
      };
      this.#sent.add(sent);
      try {
        if (this.#channel === undefined) throw new Error('there is no channel');
        const content = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
        this.#channel.publish(this.#exchange, target, content, this.#properties(id, headers), settle);
      } catch (error) {
        settle(error);
      }
    });
  }

  async close(): Promise<void> {
    if (this.#over) return;
    const last = this.#clock.after(CLOSE_MS, () => this.#socket.abort());
    try {
      // It never answers where the socket was taken away.
      await Promise.race([this.#model.close(), this.lost]);
    } catch {
      // It is closing already.
    }
    await this.lost;
    last.cancel();
    this.#socket.abort();
  }

  #properties(id: string, headers: Publication['headers']): Amqp.Publish {
    return {
      // Unroutable messages come back, and do not vanish.
      mandatory: true,
      persistent: true,
      messageId: id,
      contentType: 'message/rfc822',
      appId: 'mailverb',
      timestamp: Math.floor(this.#clock.now() / 1000),
      headers: Object.fromEntries(headers),
    };
  }

  /** Two of one id are the same in everything: what is true of one is true of both. */
  #returned(id: unknown, fields: object): void {
    const why = 'replyText' in fields ? String(fields.replyText) : 'it was returned';
    for (const sent of this.#sent) {
      if (sent.id === id) sent.returned = `no queue takes it: ${why}`;
    }
  }

  #blame(error: Error): void {
    this.#cause ??= error;
  }
}

function unconfirmed(cause: unknown): PublishError {
  return new PublishError('unconfirmed', 'amqp: the broker has not confirmed the message', { cause });
}
