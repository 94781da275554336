/** A listener: a socket, its open connections, whom it believes when they speak for others, and the limits on their number. */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { isPromise } from '@mailverb/contract';
import { ONE_CUSTOMER, matchesCidr, networkOf } from '@mailverb/options';
import { reply, type Reply } from '@mailverb/protocol';
import { Connection } from '../connection/connection.js';
import type { BoundAddress, Endpoint } from '../host/server.js';
import { Acceptor, type AcceptorOwner, type ListenAddress } from './acceptor.js';
import type { Refused } from './admission.js';
import { SocketEndpoint, UNIX_ENDPOINT } from './endpoint.js';
import { ProxyPrelude } from './proxy-prelude.js';
import type { ListenerRuntime } from './runtime.js';

const REFUSALS: Readonly<Record<Refused, Reply>> = {
  connections: reply(421, '4.3.2', 'too many connections (limit connections)'),
  connectionsPerAddress: reply(421, '4.7.0', 'too many connections from your address (limit connectionsPerAddress)'),
};
const UNCOUNTED = reply(421, '4.3.0', 'local error, try again later');

/** Accepts connections for one runtime. */
export class Listener implements AcceptorOwner {
  readonly connections = new Set<Connection>();
  /** Connections of trusted peers whose PROXY header has not come yet. */
  private readonly preludes = new Set<ProxyPrelude>();
  /** Clients about whom whoever counts is being asked: neither a connection yet nor turned away. */
  private asked = 0;
  private acceptor: Acceptor | undefined = undefined;
  private draining = false;
  private idle: (() => void) | undefined = undefined;

  constructor(
    readonly runtime: ListenerRuntime,
    readonly address: ListenAddress,
  ) {}

  /** Opens the socket; rejects if it can't be had. Does nothing for a listener without an address. */
  async listen(): Promise<void> {
    const { port, path, fd } = this.address;
    if (port === undefined && path === undefined && fd === undefined) return;
    this.acceptor = await Acceptor.open(this.address, this);
  }

  /** True if both listen at the same address, so that one can go on with the other's socket. */
  isAt({ address }: Listener): boolean {
    const { host, port, path, fd } = this.address;
    // Port 0 is another port each time.
    if (port === 0) return false;
    return address.host === host && address.port === port && address.path === path && address.fd === fd;
  }

  /** Goes on with the other's socket, if it has one: connections are this one's from now on. False if there is none. */
  takeOver(other: Listener): boolean {
    const { acceptor } = other;
    if (acceptor === undefined || this.acceptor !== undefined) return false;
    other.acceptor = undefined;
    this.acceptor = acceptor;
    acceptor.handTo(this);
    return true;
  }

  // AcceptorOwner

  take(socket: Socket): void {
    this.accept(socket, this.address.path === undefined ? new SocketEndpoint(socket) : UNIX_ENDPOINT);
  }

  failed(error: unknown): void {
    this.runtime.watchers.faultCaught(undefined, 'listener', error);
  }

  /** Serves a session over a stream. */
  accept(stream: Duplex, endpoint: Endpoint): void {
    const { runtime } = this;
    const trusted = runtime.trustedPeers !== undefined && matchesCidr(runtime.trustedPeers, endpoint.remoteAddress);
    if (!trusted || !runtime.proxyProtocol) return this.admit(stream, endpoint, trusted);
    // They have no address to be counted by yet, and must not be without number all the same.
    if (this.preludes.size >= runtime.limits.connections) return this.refuse(stream, 'connections');
    const prelude = new ProxyPrelude(stream, endpoint, runtime, (presented) => {
      this.preludes.delete(prelude);
      // Whoever is presented is a client like any other: only a peer that speaks for itself may speak for others (attack A16).
      if (presented !== undefined) this.admit(stream, presented, presented === endpoint);
      this.settled();
    });
    this.preludes.add(prelude);
  }

  private admit(stream: Duplex, endpoint: Endpoint, trusted: boolean): void {
    const { admission, info, limits } = this.runtime;
    const network = networkOf(endpoint.remoteAddress, ONE_CUSTOMER) ?? '';
    const answer = admission.enter(info.name, network, limits);
    if (!isPromise(answer)) return this.admitted(answer, stream, endpoint, trusted, network);
    // Whoever leaves while others are asked must not be an error that nobody hears.
    const ignore = () => undefined;
    stream.on('error', ignore);
    this.asked++;
    answer.then(
      (refused) => {
        this.asked--;
        stream.off('error', ignore);
        this.admitted(refused, stream, endpoint, trusted, network);
        this.settled();
      },
      (error: unknown) => {
        // Whoever counts can't be asked: nobody is let in uncounted (attack A26).
        this.failed(error);
        this.asked--;
        this.turnAway(stream, UNCOUNTED);
        this.settled();
      },
    );
  }

  private admitted(
    refused: Refused | undefined,
    stream: Duplex,
    endpoint: Endpoint,
    trusted: boolean,
    network: string,
  ): void {
    if (refused !== undefined) return this.refuse(stream, refused);
    const connection = new Connection(stream, this.runtime, endpoint, trusted, (closed) => {
      this.connections.delete(closed);
      this.runtime.admission.leave(this.runtime.info.name, network);
      this.settled();
    });
    this.connections.add(connection);
    // It has gone while others were asked, and will not say so again.
    if (stream.destroyed) return connection.close();
    connection.open();
    if (this.draining) connection.drain();
  }

  private refuse(stream: Duplex, limit: Refused): void {
    this.runtime.watchers.limitReached(undefined, limit);
    this.turnAway(stream, REFUSALS[limit]);
  }

  private turnAway(stream: Duplex, answer: Reply): void {
    stream.on('error', () => {});
    // A client of implicit TLS would take plain words for a broken handshake: it gets none.
    if (this.runtime.tls?.mode === 'implicit') {
      stream.destroy();
      return;
    }
    stream.end(answer.wire(this.runtime.protocolOptions.enhancedCodes), 'latin1');
    stream.resume();
    // It has been told: whether it closes its side is not waited for.
    stream.once('finish', () => stream.destroy());
  }

  /** Where it listens, with the port that the system chose. */
  bound(): BoundAddress | undefined {
    const { name } = this.runtime.info;
    const address = this.acceptor?.address;
    if (address === undefined) return undefined;
    if (typeof address === 'string') return { listener: name, path: address };
    return { listener: name, host: address.address, port: address.port };
  }

  /** Accepts no more, lets what is under way end, and resolves when the last connection is gone. */
  async drain(): Promise<void> {
    this.draining = true;
    this.closeSocket();
    for (const connection of this.connections) connection.drain();
    await this.emptied();
  }

  /** Accepts no more, lets sessions go on until they end by themselves, and resolves when the last is gone. */
  async retire(): Promise<void> {
    this.closeSocket();
    await this.emptied();
  }

  /** Ends what is left. */
  destroy(): void {
    this.closeSocket();
    for (const connection of this.connections) connection.destroy('shutdown');
  }

  private closeSocket(): void {
    this.acceptor?.close();
    this.acceptor = undefined;
    for (const prelude of this.preludes) prelude.destroy();
  }

  private async emptied(): Promise<void> {
    if (this.isEmpty) return;
    await new Promise<void>((resolve) => {
      const before = this.idle;
      this.idle = () => {
        before?.();
        resolve();
      };
    });
  }

  private settled(): void {
    if (this.isEmpty) this.idle?.();
  }

  private get isEmpty(): boolean {
    return this.connections.size === 0 && this.preludes.size === 0 && this.asked === 0;
  }
}
