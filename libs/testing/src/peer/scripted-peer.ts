/**
 * A mail server for tests of whoever sends mail: real sockets, plain Node, deliberately not built on our protocol library. It does what the script says, keeps
 * what it was given, and minds how it was sent.
 *
 *     const peer = await scriptedPeer({ replies: { rcpt: (path) => (path === 'no@example.org' ? '550 5.1.1 no' : undefined) } });
 *     … send mail to 127.0.0.1, port peer.port …
 *     expect(peer.messages).toHaveLength(1);
 *     peer.fault = { at: 'final', what: 'reset' };
 *     …
 *     await peer.close();
 */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { within } from '../event-loop.js';
import { PeerDialogue, type PeerBook } from './peer-dialogue.js';
import type {
  PeerCommand,
  PeerFault,
  PeerLogin,
  PeerMessage,
  PeerOptions,
  PeerReplies,
  PeerTls,
} from './peer-options.js';
import { PeerFaults } from './peer-script.js';
import { peerCertificates, type PeerCertificates } from './peer-tls.js';
import { PeerWire } from './peer-wire.js';

const KEYWORDS = ['PIPELINING', '8BITMIME', 'SMTPUTF8', 'ENHANCEDSTATUSCODES'];

/** A peer that listens (unless it was told not to). */
export async function scriptedPeer(options: PeerOptions = {}): Promise<ScriptedPeer> {
  const encrypts = options.implicitTls === true || options.keywords?.includes('STARTTLS') === true;
  const peer = new ScriptedPeer(options, encrypts ? await peerCertificates() : undefined);
  await peer.listen();
  if (options.listening === false) await peer.refuse();
  return peer;
}

/** Made by `scriptedPeer`. The script may be changed at any time; faults that are counted by octets hold for connections that begin later. */
export class ScriptedPeer implements PeerBook {
  readonly host = '127.0.0.1';
  /** The messages that were accepted, in order. */
  readonly messages: PeerMessage[] = [];
  /** Every line that was said, of all connections, in order. */
  readonly commands: PeerCommand[] = [];
  readonly logins: PeerLogin[] = [];
  /** What a client did that it may not do: pipelining that nobody offered, parameters of extensions that are not there, bare newlines. */
  readonly violations: string[] = [];
  /** Connections so far. */
  opened = 0;
  replies: PeerReplies;
  keywords: readonly string[];
  tls: PeerTls;
  faults: PeerFaults;
  private readonly server: Server;
  private readonly wires = new Map<number, PeerWire>();
  private last: PeerWire | undefined;
  private broken: unknown;
  private portNumber = 0;

  constructor(
    readonly options: PeerOptions,
    readonly certificates: PeerCertificates | undefined,
  ) {
    this.replies = options.replies ?? {};
    this.keywords = options.keywords ?? KEYWORDS;
    this.tls = options.tls ?? 'trusted';
    this.faults = new PeerFaults(options.fault);
    // A client that has ended its side still hears the answer.
    this.server = createServer({ allowHalfOpen: true }, (socket) => this.accept(socket));
  }

  /** What goes wrong from now on. */
  set fault(fault: PeerFault | readonly PeerFault[] | undefined) {
    this.faults = new PeerFaults(fault);
  }

  get port(): number {
    return this.portNumber;
  }

  /** Connections that are open. */
  get openNow(): number {
    return this.wires.size;
  }

  /** What was said, without who said it. */
  get lines(): readonly string[] {
    return this.commands.map(({ line }) => line);
  }

  /** The certificate that a client must trust, PEM; undefined where TLS is not offered. */
  get ca(): string | undefined {
    return this.certificates?.ca;
  }

  /** Octets of the last connection, so far. */
  get octets(): { readonly received: number; readonly sent: number } {
    const { received = 0, sent = 0 } = this.last ?? {};
    return { received, sent };
  }

  /** Listens (again), on the port that it has had before. */
  async listen(): Promise<void> {
    const { path } = this.options;
    const listening = once(this.server, 'listening');
    if (path === undefined) this.server.listen({ host: this.host, port: this.portNumber });
    else this.server.listen({ path });
    await listening;
    const address = this.server.address();
    if (typeof address === 'object' && address !== null) this.portNumber = address.port;
  }

  /** Refuses connections from now on; those that are open stay. */
  async refuse(): Promise<void> {
    if (!this.server.listening) return;
    // Its callback would wait for the connections too.
    this.server.close();
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }

  /** Resolves when no connection is open. @throws (rejects) if one is left. */
  async allClosed(ms?: number): Promise<void> {
    // Whoever does not read does not see the end either.
    for (const wire of this.wires.values()) wire.hear(true);
    const all = Promise.all([...this.wires.values()].map((wire) => wire.closed));
    await within(all, () => new Error(`${this.openNow} connections to the peer are left open`), ms);
  }

  /** Resolves when a fault has come true (one that is counted by octets: when a connection that it is for has begun). */
  faulted(): Promise<void> {
    return this.faults.happened;
  }

  /** Ends everything. @throws (rejects) what was wrong with the script, if something was. */
  async close(): Promise<void> {
    await this.refuse();
    const all = [...this.wires.values()];
    for (const wire of all) wire.destroy();
    await Promise.all(all.map((wire) => wire.closed));
    if (this.broken !== undefined) throw this.broken;
  }

  private accept(socket: Socket): void {
    const number = (this.opened += 1);
    const limit = (direction: 'received' | 'sent') => this.faults.limit(direction, number);
    const wire = new PeerWire(socket, limit('received'), limit('sent'));
    this.last = wire;
    this.wires.set(number, wire);
    void wire.closed.then(() => this.wires.delete(number));
    new PeerDialogue(this, wire, number).run().catch((error: unknown) => {
      this.broken ??= error;
      wire.destroy();
    });
  }
}
