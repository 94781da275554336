/** One next hop: how to get a connection to it, and what becomes of the connection afterwards. */
import { setMaxListeners } from 'node:events';
import type { Clock, Lifecycle, MaybePromise, Session } from '@mailverb/contract';
import { isPromise, slot } from '@mailverb/contract';
import {
  ClientError,
  ClientPool,
  openConnection,
  peerName,
  represent,
  type ClientConnection,
  type ClientCredentials,
  type ClientSettings,
  type PoolSettings,
  type RepresentedPeer,
  type ServerCapabilities,
} from '@mailverb/client';

/** What a next hop is told about the client. */
export interface HopManners {
  /** XCLIENT, before each message of another client. */
  readonly xclient: boolean;
  readonly pool: PoolSettings;
  readonly credentials?: ClientCredentials | undefined;
  readonly allowPlaintext?: boolean | undefined;
}

/**
 * A connection on which the session's client has logged in (libs/auth/smtp): whoever gives its mail to the same server uses that one, so that the
 * mail goes as that user's. It is parked, or in use.
 */
export const LOGGED_IN = slot<ClientConnection>('logged in at the next hop', 'connection');

/** How long a next hop that could not be reached is tried last. */
const REST_MS = 30_000;

/** A next hop. */
export class NextHop implements Lifecycle {
  readonly name: string;
  private readonly pool: ClientPool;
  /** Connections that belong to one session: a PROXY header, or who has logged in, can't be taken back. */
  private readonly bound = new Map<Session, ClientConnection>();
  /** Those that are being opened, for one session each. */
  private readonly opening = new Map<Session, AbortController>();
  /** Sessions that have ended: what is still in use for one is not kept when it comes back. */
  private readonly ended = new WeakSet<Session>();
  /** Fires when all is over: connections that are being opened are given up. */
  private readonly closing = new AbortController();
  private restsUntil = 0;
  private learned: ServerCapabilities | undefined;

  constructor(
    readonly settings: ClientSettings,
    private readonly manners: HopManners,
    private readonly clock: Clock,
  ) {
    this.name = peerName(settings.target);
    // As many listen as connections are being opened.
    setMaxListeners(0, this.closing.signal);
    this.pool = new ClientPool(() => this.open(undefined), manners.pool, clock, this.name);
  }

  /** True if it could not be reached a moment ago: others come first. */
  get resting(): boolean {
    return this.restsUntil > this.clock.now();
  }

  /** Connections that are there. */
  get connections(): number {
    return this.pool.size + this.bound.size + this.opening.size;
  }

  /** What it offered when somebody connected last; undefined if nobody has. */
  get capabilities(): ServerCapabilities | undefined {
    return this.learned;
  }

  /** Connects to see what it offers, and keeps the connection for the first message. Never rejects. */
  async probe(): Promise<void> {
    // Nobody to speak for yet, and a connection that names nobody is not to be used for somebody.
    if (this.settings.proxyHeader !== undefined) {
      await this.open(undefined)
        .then((connection) => connection.quit())
        .catch(() => undefined);
      return;
    }
    await Promise.resolve(this.pool.acquire())
      .then((connection) => this.pool.release(connection))
      .catch(() => undefined);
  }

  /** A connection that is ready for a transaction of this session. @param fresh true for a new one. @throws {ClientError} */
  lease(session: Session, fresh = false): MaybePromise<ClientConnection> {
    const own = session.get(LOGGED_IN);
    // Who was refused after all (a policy has a say too) acts as nobody.
    if (own?.peer === this.name && session.identity !== undefined && this.isSafeEnough(own)) return this.loggedIn(own);
    if (this.settings.proxyHeader !== undefined) return this.ownConnection(session, fresh);
    const connection = this.pool.acquire(fresh);
    if (!this.manners.xclient) return connection;
    return isPromise(connection)
      ? connection.then((ready) => this.represented(ready, session, fresh))
      : this.represented(connection, session, fresh);
  }

  /** Whoever logged in may have done so in clear, and this hop wants TLS (attack A5). */
  private isSafeEnough({ encrypted }: ClientConnection): boolean {
    const { mode } = this.settings.tls;
    return encrypted || (mode !== 'required' && mode !== 'implicit');
  }

  /** Nobody waits any more for a connection of the session's own. Those that are for anybody are opened all the same. */
  giveUp(session: Session): void {
    this.opening.get(session)?.abort();
  }

  /** A new connection, with credentials that are not ours. @throws {ClientError} */
  connectAs(credentials: ClientCredentials, allowPlaintext: boolean): Promise<ClientConnection> {
    return openConnection(this.settings, { credentials, allowPlaintext, signal: this.closing.signal });
  }

  /** Keeps a connection on which the session's client has logged in. */
  keepFor(session: Session, connection: ClientConnection): void {
    connection.personal = true;
    session.set(LOGGED_IN, connection);
    connection.park(this.manners.pool.idleMs, () => undefined);
  }

  /** The transaction is over. */
  release(connection: ClientConnection, session: Session): void {
    const over = this.closing.signal.aborted || this.ended.has(session);
    if (connection.personal) {
      // The session may have forgotten it meanwhile (STARTTLS, XCLIENT): then it is nobody's.
      if (over || session.get(LOGGED_IN) !== connection) void connection.quit();
      else this.keepFor(session, connection);
      return;
    }
    if (this.settings.proxyHeader === undefined) return this.pool.release(connection);
    const worn = !connection.quiet || connection.messages >= this.manners.pool.maxMessages;
    if (worn || over || this.bound.has(session)) void connection.quit();
    else this.bind(connection, session);
  }

  /** Sees off what was kept for a session. */
  sessionClosed(session: Session): void {
    this.ended.add(session);
    const connection = this.bound.get(session) ?? session.get(LOGGED_IN);
    this.bound.delete(session);
    if (connection?.peer === this.name && connection.unpark()) void connection.quit();
  }

  async stop(): Promise<void> {
    this.closing.abort();
    for (const controller of this.opening.values()) controller.abort();
    const bound = [...this.bound.values()];
    this.bound.clear();
    await Promise.all([this.pool.close(), ...bound.map((connection) => connection.quit())]);
  }

  private loggedIn(connection: ClientConnection): ClientConnection {
    // Two transactions on it would be one for the server: a recipient of the one would get the message of the other.
    if (!connection.parked && connection.error === undefined)
      throw new ClientError('busy', 'idle', `${this.name}: the connection on which the client has logged in is in use`);
    if (connection.unpark()) return connection;
    connection.destroy();
    throw new ClientError('closed', 'idle', `${this.name}: the connection on which the client has logged in is gone`);
  }

  private bind(connection: ClientConnection, session: Session): void {
    this.bound.set(session, connection);
    connection.park(this.manners.pool.idleMs, () => {
      if (this.bound.get(session) === connection) this.bound.delete(session);
    });
  }

  private async ownConnection(session: Session, fresh: boolean): Promise<ClientConnection> {
    const kept = this.bound.get(session);
    if (kept !== undefined) {
      this.bound.delete(session);
      if (kept.unpark() && !fresh) return kept;
      kept.destroy();
    }
    const controller = new AbortController();
    this.opening.set(session, controller);
    if (this.closing.signal.aborted) controller.abort();
    try {
      return await this.open(peerOf(session), controller.signal);
    } finally {
      if (this.opening.get(session) === controller) this.opening.delete(session);
    }
  }

  private async open(
    client: RepresentedPeer | undefined,
    signal: AbortSignal = this.closing.signal,
  ): Promise<ClientConnection> {
    try {
      const { credentials, allowPlaintext } = this.manners;
      const connection = await openConnection(this.settings, { client, credentials, allowPlaintext, signal });
      this.restsUntil = 0;
      this.learned = connection.capabilities;
      return connection;
    } catch (error) {
      // Given up by us, it says nothing about the next hop.
      if (!signal.aborted) this.restsUntil = this.clock.now() + REST_MS;
      throw error;
    }
  }

  private async represented(connection: ClientConnection, session: Session, fresh: boolean): Promise<ClientConnection> {
    const used = connection.messages > 0;
    try {
      await represent(connection, peerOf(session), this.settings);
      return connection;
    } catch (error) {
      this.pool.release(connection);
      // It had gone since it was used last, and nothing of the message was said.
      if (used && !fresh && error instanceof ClientError && error.fault === 'closed') return this.lease(session, true);
      throw error;
    }
  }
}

/** The session's client, as a next hop is told about it. */
export function peerOf(session: Session): RepresentedPeer {
  return {
    address: session.remoteAddress,
    port: session.remotePort,
    localAddress: session.localAddress,
    localPort: session.localPort,
    name: session.remoteName,
    helo: session.heloName,
    protocol: session.extended ? 'ESMTP' : 'SMTP',
    login: session.identity?.name,
  };
}
