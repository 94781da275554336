/** A listener: a socket, its open connections, and the limits on their number. */
import { lstat, unlink } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { reply } from '@mailverb/protocol';
import { Connection } from '../connection/connection.js';
import type { BoundAddress, Endpoint } from '../host/server.js';
import type { ListenerRuntime } from './runtime.js';

const TOO_MANY = reply(421, '4.3.2', 'too many connections (limit connections)');
const TOO_MANY_FROM_YOU = reply(421, '4.7.0', 'too many connections from your address (limit connectionsPerAddress)');

/** Where to listen. */
export interface ListenAddress {
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
}

/** Accepts connections for one runtime. */
export class Listener {
  readonly connections = new Set<Connection>();
  private readonly perAddress = new Map<string, number>();
  private server: Server | undefined = undefined;
  private idle: (() => void) | undefined = undefined;

  constructor(
    readonly runtime: ListenerRuntime,
    readonly address: ListenAddress,
  ) {}

  /** Opens the socket; rejects if it can't be had. Does nothing for a listener without an address. */
  async listen(): Promise<void> {
    const { host = '127.0.0.1', port, path } = this.address;
    if (port === undefined && path === undefined) return;
    // Half-open: a client may end its side and still wait for our answer. No delay: replies are written once per group anyway.
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.accept(socket, path === undefined ? new SocketEndpoint(socket) : UNIX_ENDPOINT);
    });
    this.server = server;
    if (path !== undefined) await removeStale(path);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path === undefined ? { host, port, backlog: 1024 } : { path, backlog: 1024 }, () => {
        server.off('error', reject);
        // What goes wrong with one accept (no file descriptors) must not end the process.
        server.on('error', (error) => this.runtime.watchers.faultCaught(undefined, 'listener', error));
        resolve();
      });
    });
  }

  /** Serves a session over a stream. */
  accept(stream: Duplex, endpoint: Endpoint): void {
    const { limits, watchers } = this.runtime;
    const address = network(endpoint.remoteAddress);
    const fromThere = this.perAddress.get(address) ?? 0;
    const full = this.connections.size >= limits.connections;
    // Who has no address (a unix socket, a stream that was handed in) is nobody in particular.
    if (full || (address !== '' && fromThere >= limits.connectionsPerAddress)) {
      watchers.limitReached(undefined, full ? 'connections' : 'connectionsPerAddress');
      stream.on('error', () => {});
      stream.end((full ? TOO_MANY : TOO_MANY_FROM_YOU).wire(this.runtime.protocolOptions.enhancedCodes), 'latin1');
      stream.resume();
      // It has been told: whether it closes its side is not waited for.
      stream.once('finish', () => stream.destroy());
      return;
    }
    this.perAddress.set(address, fromThere + 1);
    const connection = new Connection(stream, this.runtime, endpoint, (closed) => this.closed(closed, address));
    this.connections.add(connection);
    connection.open();
  }

  /** Where it listens, with the port that the system chose. */
  bound(): BoundAddress | undefined {
    const name = this.runtime.info.name;
    const address = this.server?.address();
    if (address === null || address === undefined) return undefined;
    if (typeof address === 'string') return { listener: name, path: address };
    return { listener: name, host: address.address, port: address.port };
  }

  /** Accepts no more, lets what is under way end, and resolves when the last connection is gone. */
  async drain(): Promise<void> {
    this.server?.close();
    // A unix socket's file goes with its server: Node removes it on close.
    for (const connection of this.connections) connection.drain();
    if (this.connections.size === 0) return;
    await new Promise<void>((resolve) => {
      this.idle = resolve;
    });
  }

  /** Ends what is left. */
  destroy(): void {
    this.server?.close();
    for (const connection of this.connections) connection.destroy('shutdown');
  }

  private closed(connection: Connection, address: string): void {
    this.connections.delete(connection);
    const left = (this.perAddress.get(address) ?? 1) - 1;
    if (left > 0) this.perAddress.set(address, left);
    else this.perAddress.delete(address);
    if (this.connections.size === 0) this.idle?.();
  }
}

/** Whom to count together: an IPv4 address, or the /64 of an IPv6 one, which is what one customer has at the least. */
function network(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const behind = tail === '' ? 0 : tail.split(':').length;
    while (groups.length + behind < 8) groups.push('0');
  }
  return groups.slice(0, 4).join(':');
}

/** Removes the socket file that a killed process has left: one that nobody answers. Anything else is left, and listening fails. */
async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSocket() !== true) return;
  const code = await new Promise<string | undefined>((resolve) => {
    const probe = connect({ path }, () => {
      probe.destroy();
      resolve(undefined);
    });
    probe.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
  });
  if (code === 'ECONNREFUSED') await unlink(path);
}

const UNIX_ENDPOINT: Endpoint = Object.freeze({ remoteAddress: '', remotePort: 0, localAddress: '', localPort: 0 });

/** A TCP socket's addresses. What nobody asks for costs no system call. */
class SocketEndpoint implements Endpoint {
  readonly remoteAddress: string;

  constructor(private readonly socket: Socket) {
    this.remoteAddress = plain(socket.remoteAddress);
  }
  get remotePort(): number {
    return this.socket.remotePort ?? 0;
  }
  get localAddress(): string {
    return plain(this.socket.localAddress);
  }
  get localPort(): number {
    return this.socket.localPort ?? 0;
  }
}

/** IPv4 in its own form, also where a dual-stack socket shows it mapped. */
function plain(address: string | undefined): string {
  if (address === undefined) return '';
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
