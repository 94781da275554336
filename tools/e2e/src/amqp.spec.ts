/** Mail into queues of RabbitMQ: Debian's rabbitmq-server, as a private node of the test. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { connect, type Channel } from 'amqplib';
import {
  Senders,
  answered,
  expectAwkward,
  expectMany,
  listening,
  publishingServer,
  sendAwkward,
  sendMany,
  swaks,
  type Published,
  type PublishedEnvelope,
} from './broker';
import { folder } from './folder';
import { freePort } from './free-port';
import { kill, peer, start, startGroup } from './program';

/** Debian's `rabbitmq-server` in the PATH runs as the system's user, with the system's folders; this is the program itself. */
const PROGRAM = '/usr/lib/rabbitmq/bin/rabbitmq-server';

/** A RabbitMQ that can be killed and come back, with the port mapper of its own that Erlang wants. */
class Rabbit {
  private child: ChildProcess | undefined;

  private constructor(
    private readonly path: string,
    readonly port: number,
    private readonly environment: NodeJS.ProcessEnv,
  ) {}

  /** @param settings more lines of its configuration. */
  static async start(path: string, settings: readonly string[] = []): Promise<Rabbit> {
    if (!existsSync(PROGRAM)) peer('rabbitmq-server');
    const [port, distribution, mapper] = [await freePort(), await freePort(), await freePort()];
    const home = join(path, 'rabbit');
    mkdirSync(home);
    writeFileSync(join(home, 'enabled_plugins'), '[].');
    writeFileSync(join(home, 'rabbitmq.conf'), [`listeners.tcp.1 = 127.0.0.1:${port}`, ...settings, ''].join('\n'));
    // Otherwise the node would start one that outlives it.
    const epmd = ['-address', '127.0.0.1', '-port', `${mapper}`];
    await listening(mapper, start(peer('epmd'), epmd, { stdio: 'ignore' }));
    const rabbit = new Rabbit(path, port, {
      PATH: process.env['PATH'],
      LANG: 'C.UTF-8',
      HOME: home,
      ERL_EPMD_ADDRESS: '127.0.0.1',
      ERL_EPMD_PORT: `${mapper}`,
      RABBITMQ_NODENAME: `mailverb-${port}@localhost`,
      RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
      RABBITMQ_NODE_PORT: `${port}`,
      RABBITMQ_DIST_PORT: `${distribution}`,
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
      RABBITMQ_MNESIA_BASE: join(home, 'mnesia'),
      RABBITMQ_LOG_BASE: join(home, 'log'),
      RABBITMQ_PID_FILE: join(home, 'pid'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(home, 'enabled_plugins'),
      RABBITMQ_CONFIG_FILE: join(home, 'rabbitmq.conf'),
      RABBITMQ_CONF_ENV_FILE: join(home, 'none.conf'),
    });
    await rabbit.up();
    return rabbit;
  }

  get url(): string {
    return `amqp://127.0.0.1:${this.port}`;
  }

  async up(): Promise<void> {
    const log = join(this.path, 'rabbit/out');
    // A group of its own: Erlang's machine has helpers.
    const child = startGroup('/bin/sh', ['-c', `exec ${PROGRAM} >>"$0" 2>&1`, log], {
      env: this.environment,
      stdio: 'ignore',
    });
    this.child = child;
    await this.ready(child).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${readFileSync(log, 'utf8').slice(-3000)}`);
    });
  }

  /** It listens a moment before it takes who logs in. */
  private async ready(child: ChildProcess): Promise<void> {
    for (let tries = 0; tries < 1000; tries++) {
      await listening(this.port, child);
      const up = await this.channel(async () => true).catch(() => false);
      if (up) return;
    }
    throw new Error('nobody can log in');
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (child === undefined) throw new Error('it does not run');
    kill(child, signal);
    await once(child, 'exit');
  }

  /** It stays connected and does nothing any more, or goes on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    if (this.child !== undefined) kill(this.child, signal);
  }

  /** Lets somebody do something on a channel. */
  async channel<T>(work: (channel: Channel) => Promise<T>): Promise<T> {
    const connection = await connect(this.url);
    try {
      return await work(await connection.createChannel());
    } finally {
      await connection.close();
    }
  }

  /** Takes all that is in a queue, in its order. */
  messages(queue: string): Promise<readonly Published[]> {
    return this.channel(async (channel) => {
      const published: Published[] = [];
      for (;;) {
        const message = await channel.get(queue, { noAck: true });
        if (message === false) return published;
        const { properties, fields, content } = message;
        expect(properties).toMatchObject({ deliveryMode: 2, contentType: 'message/rfc822' });
        const envelope = JSON.parse(String(properties.headers?.['Mailverb-Envelope'])) as PublishedEnvelope;
        published.push({ id: String(properties.messageId), target: fields.routingKey, envelope, body: content });
      }
    });
  }
}

const delivery = ({ url }: Rabbit, more: object): object => ({ use: 'amqp', servers: [url], ...more });

it('every message is in its queue, once, with its envelope, octet by octet; what no queue wants is not accepted', async () => {
  const path = folder();
  const rabbit = await Rabbit.start(path);
  await rabbit.channel((channel) => channel.assertExchange('mail', 'topic', { durable: true }));
  const declare = { queue: 'inbound', type: 'quorum', bindingKey: 'in.*' };
  const publish = { exchange: 'mail', routingKey: 'in.{domain}', declare };
  const server = await publishingServer(path, delivery(rabbit, publish));
  await sendAwkward(path, server.port);
  expectAwkward(await rabbit.messages('inbound'), (domain) => `in.${domain.replace('.', '_')}`);
  await sendMany(server.port, 1000);
  expectMany(await rabbit.messages('inbound'), 1000);
  expect(server.logged()).toBe('');

  await rabbit.channel((channel) => channel.unbindQueue('inbound', 'mail', 'in.*'));
  expect(await swaks(server.port)).toMatch(/^451 4\.4\.4 /);
  expect(server.logged()).toContain('NO_ROUTE');
  // The channel is closed by the broker: until the exchange is back there is none.
  await rabbit.channel((channel) => channel.deleteExchange('mail'));
  expect(await swaks(server.port)).toMatch(/^451 4\.4\.2 /);
  expect(await swaks(server.port)).toMatch(/^451 4\.4\.1 /);
  await rabbit.channel((channel) => channel.assertExchange('mail', 'topic', { durable: true }));
  await answered(server.port, '250');
  expect(await rabbit.messages('inbound')).toHaveLength(1);
  expect(await server.stop()).toBe(0);
});

/** A quorum queue of a single node that is some minutes young has no leader after SIGKILL, and takes nothing: that is RabbitMQ's own. */
it.each([
  ['quorum', 'SIGTERM'],
  ['classic', 'SIGKILL'],
] as const)(
  'a %s queue, its broker ended by %s under load: 451 while it is away, and nothing that was answered 250 is missing',
  async (type, signal) => {
    const path = folder();
    const rabbit = await Rabbit.start(path);
    const publish = { routingKey: 'inbound', declare: { queue: 'inbound', type }, reconnectAtMost: '500ms' };
    const server = await publishingServer(path, delivery(rabbit, publish));
    const senders = new Senders(server.port, 8);
    await senders.until(() => senders.accepted.size >= 300);
    await rabbit.end(signal);
    const [accepted, deferred] = [senders.accepted.size, senders.deferred.size];
    await senders.until(() => senders.deferred.size >= deferred + 50);
    // It takes a while to start, and needs the processor for it.
    await senders.pauseWhile(() => rabbit.up());
    await senders.until(() => senders.accepted.size >= accepted + 300);
    await senders.stop();
    senders.expectNothingLost(await rabbit.messages('inbound'));
    expect(await server.stop()).toBe(0);
  },
);

it('stalled: 451 in time, then at once, and all is well when it goes on', async () => {
  const path = folder();
  const rabbit = await Rabbit.start(path);
  const publish = { routingKey: 'inbound', declare: { queue: 'inbound', type: 'classic' } };
  const quick = { timeout: '2s', heartbeat: '2s', connectTimeout: '1s', reconnectAtMost: '500ms' };
  const server = await publishingServer(path, delivery(rabbit, { ...publish, ...quick }));
  await answered(server.port, '250');
  rabbit.signal('SIGSTOP');
  expect(await swaks(server.port)).toMatch(/^451 4\.4\.2 /);
  await answered(server.port, '451 4.4.1');
  rabbit.signal('SIGCONT');
  await answered(server.port, '250');
  expect(await server.stop()).toBe(0);
});

it('a broker that blocks: 451, from the second message on before it is sent', async () => {
  const path = folder();
  // It has more than that from the beginning.
  const rabbit = await Rabbit.start(path, ['vm_memory_high_watermark.absolute = 10MB']);
  const publish = { routingKey: 'inbound', declare: { queue: 'inbound', type: 'classic' }, timeout: '3s' };
  const server = await publishingServer(path, delivery(rabbit, publish));
  // It says so to who publishes first, and takes nothing of him any more.
  expect(await swaks(server.port)).toMatch(/^451 4\.4\.2 /);
  expect(await swaks(server.port)).toMatch(/^451 4\.4\.1 /);
  expect(server.logged()).toContain('takes nothing for now');
  expect(await server.stop()).toBe(0);
});
