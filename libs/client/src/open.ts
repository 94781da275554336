/** From nothing to a connection that is ready for mail: PROXY header, TLS, greeting, hello, STARTTLS, AUTH. */
import type { Socket } from 'node:net';
import { formatProxyHeader } from '@mailverb/protocol';
import { authenticate } from './authenticate.js';
import { ClientConnection } from './connection.js';
import { dial, peerName } from './dial.js';
import { ClientError } from './errors.js';
import { hello } from './hello.js';
import { handshake } from './secure.js';
import type { ClientCredentials } from './sasl/index.js';
import type { ClientSettings, RepresentedPeer } from './settings.js';

/** How to open one connection. */
export interface OpenOptions {
  /** Whom a PROXY header names; nobody if it is absent. */
  readonly client?: RepresentedPeer | undefined;
  readonly credentials?: ClientCredentials | undefined;
  /** Lets a password or a token go over a connection that is not encrypted. */
  readonly allowPlaintext?: boolean | undefined;
  /** Fires when nobody wants the connection any more. */
  readonly signal?: AbortSignal | undefined;
}

/** Opens a connection. @throws {ClientError} whatever was in the way; nothing is left open then. */
export async function openConnection(settings: ClientSettings, options: OpenOptions = {}): Promise<ClientConnection> {
  try {
    return await open(settings, options, settings.tls.mode !== 'none');
  } catch (error) {
    // RFC 3207 4.1, RFC 7435: encryption that is not checked anyway is better than none, and none is better than no mail.
    if (
      settings.tls.mode === 'opportunistic' &&
      error instanceof ClientError &&
      (error.fault === 'tls' || error.step === 'starttls')
    ) {
      return open(settings, options, false);
    }
    throw error;
  }
}

async function open(
  settings: ClientSettings,
  { client, credentials, allowPlaintext, signal }: OpenOptions,
  encrypt: boolean,
): Promise<ClientConnection> {
  const { tls, timeouts, clock, target } = settings;
  const peer = peerName(target);
  let socket: Socket = await dial(settings, signal);
  let live: { destroy(): void } = socket;
  const stop = () => live.destroy();
  signal?.addEventListener('abort', stop);
  try {
    if (settings.proxyHeader !== undefined) socket.write(proxyHeader(settings.proxyHeader, client));
    if (tls.mode === 'implicit') live = socket = await handshake(socket, settings, peer, 'connect');
    const connection = new ClientConnection(socket, clock, peer);
    live = connection;
    connection.encrypted = tls.mode === 'implicit';
    const greeting = await connection.reply('greeting', timeouts.greeting);
    if (greeting.code !== 220) {
      throw new ClientError('refused', 'greeting', `${peer}: greets with ${String(greeting)}`, greeting);
    }
    await hello(connection, settings);
    if (encrypt && tls.mode !== 'implicit') await startTls(connection, settings, peer);
    if (credentials !== undefined) await authenticate(connection, credentials, settings, allowPlaintext);
    return connection;
  } catch (error) {
    live.destroy();
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

async function startTls(connection: ClientConnection, settings: ClientSettings, peer: string): Promise<void> {
  const required = settings.tls.mode === 'required';
  if (!connection.capabilities.has('STARTTLS')) {
    if (required) throw new ClientError('tls', 'starttls', `${peer}: does not offer STARTTLS, which is required`);
    return;
  }
  const answer = await connection.ask('STARTTLS', 'starttls', settings.timeouts.hello);
  if (answer.code !== 220) {
    if (required) throw new ClientError('tls', 'starttls', `${peer}: said ${String(answer)} to STARTTLS`, answer);
    return;
  }
  const socket = connection.takeSocket();
  if (connection.error !== undefined) throw connection.error;
  connection.giveSocket(await handshake(socket, settings, peer, 'starttls'));
  // RFC 3207 4.2: what was said in clear is forgotten.
  await hello(connection, settings);
}

function proxyHeader(version: 1 | 2, client: RepresentedPeer | undefined): Uint8Array {
  // On a unix socket nobody has an address.
  if (client === undefined || client.address === '' || client.localAddress === '') {
    return formatProxyHeader({ version, local: client === undefined });
  }
  const source = { address: client.address, port: client.port };
  const destination = { address: client.localAddress, port: client.localPort };
  return formatProxyHeader({ version, local: false, source, destination });
}
