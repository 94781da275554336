/** A listening socket: opened for one listener, and handed on to another when a new assembly takes over, without a moment in which nobody listens. */
import { lstat, unlink } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Where to listen. */
export interface ListenAddress {
  readonly host?: string;
  readonly port?: number;
  /** A unix socket. */
  readonly path?: string;
  /** A socket that is listening already. */
  readonly fd?: number;
}

/** Whoever takes the connections. */
export interface AcceptorOwner {
  take(socket: Socket): void;
  /** What goes wrong with one accept (no file descriptors) must not end the process. */
  failed(error: unknown): void;
}

/** One listening socket. */
export class Acceptor {
  private constructor(
    private readonly server: Server,
    private owner: AcceptorOwner,
  ) {
    server.on('connection', (socket) => this.owner.take(socket));
    server.on('error', (error) => this.owner.failed(error));
  }

  /** Opens a socket; rejects if it can't be had. */
  static async open({ host = '127.0.0.1', port, path, fd }: ListenAddress, owner: AcceptorOwner): Promise<Acceptor> {
    // Half-open: a client may end its side and still wait for our answer. No delay: replies are written once per group anyway.
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    if (path !== undefined) await removeStale(path);
    const where = fd === undefined ? (path === undefined ? { host, port } : { path }) : { fd };
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ ...where, backlog: 1024 }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    return new Acceptor(server, owner);
  }

  /** From now on connections are somebody else's. */
  handTo(owner: AcceptorOwner): void {
    this.owner = owner;
  }

  /** Where it listens, with the port that the system chose; undefined once closed. */
  get address(): AddressInfo | string | undefined {
    return this.server.address() ?? undefined;
  }

  /** Accepts no more. A unix socket's file goes with it: Node removes it. */
  close(): void {
    this.server.close();
  }
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
