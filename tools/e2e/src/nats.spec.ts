/** Mail into a stream of NATS JetStream: Debian's nats-server. */
import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { jetstreamManager, type StreamConfig } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
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
import { peer, start } from './program';
import { certificateIn } from './secure-place';

/** A nats-server that can be killed and come back. */
class Nats {
  private child: ChildProcess | undefined;

  private constructor(
    readonly path: string,
    readonly port: number,
    private readonly args: readonly string[],
  ) {}

  static async start(path: string, args: readonly string[] = []): Promise<Nats> {
    const nats = new Nats(path, await freePort(), args);
    await nats.up();
    return nats;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  async up(): Promise<void> {
    const store = ['-js', '-sd', join(this.path, 'jetstream')];
    const args = ['-a', '127.0.0.1', '-p', `${this.port}`, ...store, ...this.args];
    this.child = start(peer('nats-server'), args, { stdio: 'ignore' });
    await listening(this.port, this.child);
  }

  async kill(): Promise<void> {
    const { child } = this;
    if (child === undefined) throw new Error('it does not run');
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** It stays connected and does nothing any more, or goes on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.child?.kill(signal);
  }

  async makeStream(config: Partial<StreamConfig> = {}, login: object = {}): Promise<void> {
    const connection = await connect({ servers: this.url, ...login });
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: 'MAIL', subjects: ['mail.>'], ...config });
    await connection.close();
  }

  /** All that the stream has, in its order. */
  async messages(login: object = {}): Promise<readonly Published[]> {
    const connection = await connect({ servers: this.url, ...login });
    const { streams } = await jetstreamManager(connection);
    const { state } = await streams.info('MAIL');
    const published: Published[] = [];
    for (let seq = 1; seq <= state.last_seq; seq++) {
      const message = await streams.getMessage('MAIL', { seq });
      if (message === null) throw new Error(`no message ${seq}`);
      const header = (name: string): string => message.header.get(name);
      const envelope = JSON.parse(header('Mailverb-Envelope')) as PublishedEnvelope;
      const body = Buffer.from(message.data);
      published.push({ id: header('Nats-Msg-Id'), target: message.subject, envelope, body });
    }
    await connection.close();
    return published;
  }
}

const LARGE = `${'x'.repeat(70)}\n`.repeat(1500);

const delivery = ({ url }: Nats, more: object = {}): object => ({
  use: 'nats',
  servers: [url],
  stream: 'MAIL',
  ...more,
});

it('every message is in the stream, once, with its envelope, octet by octet', async () => {
  const path = folder();
  const nats = await Nats.start(path);
  await nats.makeStream();
  const server = await publishingServer(path, delivery(nats));
  await sendAwkward(path, server.port);
  expectAwkward(await nats.messages(), (domain) => `mail.${domain.replace('.', '_')}`);
  expect(server.logged()).toBe('');
  expect(await server.stop()).toBe(0);
});

it('a thousand messages of smtp-source', async () => {
  const path = folder();
  const nats = await Nats.start(path);
  await nats.makeStream();
  const server = await publishingServer(path, delivery(nats));
  await sendMany(server.port, 1000);
  expectMany(await nats.messages(), 1000);
  expect(server.logged()).toBe('');
  expect(await server.stop()).toBe(0);
});

it('killed under load: 451 while it is away, and nothing that was answered 250 is missing', async () => {
  const path = folder();
  const nats = await Nats.start(path);
  await nats.makeStream();
  const server = await publishingServer(path, delivery(nats, { reconnectAtMost: '500ms' }));
  const senders = new Senders(server.port, 8);
  await senders.until(() => senders.accepted.size >= 300);
  for (let round = 0; round < 2; round++) {
    await nats.kill();
    const [accepted, deferred] = [senders.accepted.size, senders.deferred.size];
    await senders.until(() => senders.deferred.size >= deferred + 50);
    await nats.up();
    await senders.until(() => senders.accepted.size >= accepted + 300);
  }
  await senders.stop();
  senders.expectNothingLost(await nats.messages());
  expect(await server.stop()).toBe(0);
});

it('stalled: 451 in time, then at once, and all is well when it goes on', async () => {
  const path = folder();
  const nats = await Nats.start(path);
  await nats.makeStream();
  const quick = { timeout: '2s', pingInterval: '1s', connectTimeout: '1s', reconnectAtMost: '500ms' };
  const server = await publishingServer(path, delivery(nats, quick));
  expect(await swaks(server.port)).toMatch(/^250 /);
  nats.signal('SIGSTOP');
  expect(await swaks(server.port)).toMatch(/^451 4\.4\.2 /);
  await answered(server.port, '451 4.4.1');
  nats.signal('SIGCONT');
  await answered(server.port, '250');
  expect(await server.stop()).toBe(0);
});

it('no stream, a subject that it does not listen to, a stream that is full, a message that is too large: no 250', async () => {
  const path = folder();
  const nats = await Nats.start(path);
  const server = await publishingServer(path, delivery(nats, { reconnectAtMost: '200ms' }));
  expect(await swaks(server.port)).toMatch(/^451 4\.4\.1 /);
  await nats.makeStream({ subjects: ['mail.example_org'], max_msgs: 2, discard: 'new', max_msg_size: 100_000 });
  const senders = new Senders(server.port, 1);
  await senders.until(() => senders.accepted.size >= 1);
  await senders.until(() => senders.accepted.size === 2 && senders.deferred.size >= 1);
  await senders.stop();
  expect(await swaks(server.port)).toMatch(/^451 4\.4\.2 /);
  expect(await swaks(server.port, 'you@example.com')).toMatch(/^451 4\.4\.4 /);
  expect(await swaks(server.port, 'you@example.org', ['--body', LARGE])).toMatch(/^552 5\.3\.4 /);
  senders.expectNothingLost(await nats.messages());
  expect(await server.stop()).toBe(0);
});

it('with TLS and a password, and not without', async () => {
  const path = folder();
  const { cert, key } = await certificateIn(path, 'nats', { names: ['127.0.0.1', 'localhost'] });
  const args = ['--tls', '--tlscert', cert, '--tlskey', key, '--user', 'mail', '--pass', 'sesame'];
  const nats = await Nats.start(path, args);
  const login = { user: 'mail', pass: 'sesame', tls: { caFile: cert } };
  await nats.makeStream({}, login);
  const us = { servers: [`tls://127.0.0.1:${nats.port}`], user: 'mail', password: 'sesame' };
  const server = await publishingServer(path, delivery(nats, { ...us, tls: { ca: cert } }));
  expect(await swaks(server.port)).toMatch(/^250 /);
  expect(await server.stop()).toBe(0);
  for (const wrong of [us, { ...us, tls: { ca: cert }, password: 'other' }]) {
    const refused = await publishingServer(path, delivery(nats, wrong));
    expect(await swaks(refused.port)).toMatch(/^451 4\.4\.1 /);
    expect(refused.logged()).not.toMatch(/sesame|other/);
    expect(await refused.stop()).toBe(0);
  }
  expect(await nats.messages(login)).toHaveLength(1);
});
