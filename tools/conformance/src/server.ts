/** A test server with what a listener may have beside plugins: TLS, trusted peers, AUTH in clear. In memory or on loopback, like testServer's. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { once } from 'node:events';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { Clock, Logger, definePlugin, use } from '@mailverb/contract';
import { createServer, type CertificatePlan, type Endpoint, type ListenerPlan, type TlsPlan } from '@mailverb/core';
import { cidrList } from '@mailverb/options';
import { makeCertificate } from '@mailverb/certificates';
import {
  FakeClock,
  Mailroom,
  TestClient,
  TestServer,
  recordingLogger,
  recordingObserver,
  remembering,
  within,
  type LogLine,
  type ObserverEvent,
  type TestServerOptions,
} from '@mailverb/testing';

/** What a server is made of. */
export interface ServerOptions extends TestServerOptions {
  /** With a certificate for `mx.example.org`, which {@link authority} has signed. */
  readonly tls?: TlsPlan['mode'];
  /** More about TLS. */
  readonly tlsOptions?: Partial<TlsPlan>;
  /** Networks of peers who may speak for others. */
  readonly trustedPeers?: readonly string[];
  readonly proxyProtocol?: boolean;
  readonly authWithoutTls?: 'never' | 'loopback';
}

const LISTENER = 'test';

let folder: string | undefined;
let made: Promise<{ readonly ours: CertificatePlan; readonly authority: string }> | undefined;

/** Our certificate in files, made once in each process, and PEM of who has signed it. */
export function certificates() {
  return (made ??= makeCertificates());
}

async function makeCertificates() {
  const root = await makeCertificate({ commonName: 'Conformance', names: ['ca.example.org'], authority: true });
  const { cert, key } = await makeCertificate({ names: ['mx.example.org'], signedBy: root });
  return { ours: certificateFile('mx', cert, key), authority: root.cert };
}

/** Writes a certificate and its key into files that go when the process does. */
export function certificateFile(name: string, cert: string, key: string): CertificatePlan {
  if (folder === undefined) {
    const mine = (folder = mkdtempSync(join(tmpdir(), 'mailverb-conformance-')));
    process.on('exit', () => rmSync(mine, { recursive: true, force: true }));
  }
  const plan = { cert: join(folder, `${name}.cert`), key: join(folder, `${name}.key`) };
  writeFileSync(plan.cert, cert);
  writeFileSync(plan.key, key);
  return plan;
}

/** Builds and starts a server. @throws {ConfigurationError} (rejects) like the real one. */
export async function startServer(options: ServerOptions): Promise<TestServer> {
  const clock = new FakeClock();
  const room = new Mailroom();
  const events: ObserverEvent[] = [];
  const log: LogLine[] = [];
  const { delivery, hostname = 'mx.example.org', plugins = [], shared = [], transport, spool } = options;
  const services = definePlugin({
    name: 'service-conformance',
    register(contribute) {
      contribute.service(Clock, clock);
      contribute.service(Logger, recordingLogger(log));
      contribute.observer('recording', recordingObserver(events));
    },
  });
  const server = await createServer({
    hostname,
    plugins: [use(services), ...shared],
    listeners: [
      {
        name: LISTENER,
        ...(transport === 'tcp' ? { host: '127.0.0.1', port: 0 } : {}),
        ...(await listenerOf(options)),
        plugins,
        delivery: delivery ?? remembering(room),
      },
    ],
    spool,
  });
  await server.start();
  return new TestServer(server, clock, events, log, delivery === undefined ? room : undefined, options);
}

async function listenerOf(options: ServerOptions): Promise<Partial<ListenerPlan>> {
  const { protocol, limits, timeouts, bareNewlines, minimumDurability, proxyProtocol, authWithoutTls } = options;
  const { tls, trustedPeers } = options;
  return {
    protocol,
    limits,
    timeouts,
    bareNewlines,
    minimumDurability,
    proxyProtocol,
    authWithoutTls,
    ...(trustedPeers === undefined ? {} : { trustedPeers: cidrList().parse([...trustedPeers]) }),
    ...(tls === undefined
      ? {}
      : { tls: { mode: tls, certificates: [(await certificates()).ours], ...options.tlsOptions } }),
  };
}

/** The client's side of TLS on a connection: checks the certificate unless it is told not to. */
export async function secure(stream: Duplex, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const { authority } = await certificates();
  const socket = connectTls({ socket: stream, servername: 'mx.example.org', ca: authority, ...options });
  // A session that ends with a reset is no mistake of the test's.
  const failed = new Promise<never>((_resolve, reject) => socket.on('error', reject));
  failed.catch(() => undefined);
  await within(Promise.race([once(socket, 'secureConnect'), failed]), () => new Error('TLS was not agreed on'));
  return socket;
}

/** A client that has said EHLO and STARTTLS, and has TLS. */
export async function startTls(
  server: TestServer,
  options: ConnectionOptions = {},
  endpoint: Partial<Endpoint> = {},
): Promise<TestClient> {
  const client = server.client(endpoint);
  await client.reply();
  const codes = await client.commands('EHLO client.example.net', 'STARTTLS');
  if (codes.join() !== '250,220') throw new Error(`no TLS: ${codes.join()}`);
  return new TestClient(await secure(client.stream, options));
}
