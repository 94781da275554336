/** One connection of a scripted peer, as octets: counted both ways, cut where the script says so, encrypted on the way. */
import type { Socket } from 'node:net';
import { TLSSocket, type SecureContext } from 'node:tls';
import { PeerInput } from './peer-input.js';

/** How a connection ends. */
export type PeerCut = 'close' | 'reset';

/** Where it is cut, if it is. */
export interface PeerLimit {
  readonly octets: number;
  readonly cut: PeerCut;
}

/** The conversation can't go on: the connection is gone, or silent by order. */
export class PeerGone extends Error {
  override readonly name = 'PeerGone';
}

export class PeerWire {
  readonly input = new PeerInput();
  /** Octets so far; inside TLS, what it carries. */
  received = 0;
  sent = 0;
  encrypted = false;
  readonly closed: Promise<void>;
  private stream: Socket;
  private mayBeDeaf = true;

  constructor(
    private readonly raw: Socket,
    private readonly receiveLimit: PeerLimit | undefined,
    private readonly sendLimit: PeerLimit | undefined,
  ) {
    this.stream = raw;
    raw.setNoDelay(true);
    this.closed = new Promise((resolve) => {
      raw.once('close', () => {
        this.input.end();
        resolve();
      });
    });
    this.listenForEnd();
    this.listen();
  }

  /** Cuts it at once if it was to be cut before anything. */
  begin(): void {
    for (const limit of [this.receiveLimit, this.sendLimit]) if (limit?.octets === 0) this.cut(limit.cut);
  }

  /** Sends, and waits while the client does not read. Rejects with PeerGone if it is gone. */
  async write(octets: string | Buffer): Promise<void> {
    const { sendLimit } = this;
    const all = typeof octets === 'string' ? Buffer.from(octets, 'utf8') : octets;
    const last = sendLimit !== undefined && this.sent + all.length >= sendLimit.octets;
    const part = last ? all.subarray(0, sendLimit.octets - this.sent) : all;
    this.sent += part.length;
    const error = await new Promise<Error | null | undefined>((resolve) => {
      if (this.stream.destroyed || this.stream.writableEnded) resolve(new PeerGone());
      else this.stream.write(part, resolve);
      void this.closed.then(() => resolve(new PeerGone()));
    });
    if (last) this.cut(sendLimit.cut);
    if (last || (error !== null && error !== undefined)) throw new PeerGone();
  }

  cut(how: PeerCut): void {
    this.input.end();
    this.input.clear();
    if (how === 'reset') this.raw.resetAndDestroy();
    // As a program that ends does it: what the client still says is not read.
    else this.stream.destroySoon();
  }

  /** Ends it when what was sent is on its way. */
  end(): void {
    if (!this.stream.destroyed) this.stream.end();
    this.stream.resume();
  }

  destroy(): void {
    this.raw.destroy();
  }

  /** Nothing is read until `hear`. */
  deafen(): void {
    if (this.mayBeDeaf) this.stream.pause();
  }

  /** @param always true if it is not to be deaf again. */
  hear(always = false): void {
    if (always) this.mayBeDeaf = false;
    this.stream.resume();
  }

  /** Server's side of a handshake. Rejects with PeerGone if it fails. @returns the common name in the client's certificate. */
  async secure(secureContext: SecureContext, requestCert: boolean): Promise<string | undefined> {
    this.stream.removeAllListeners('data').removeAllListeners('end');
    const tls = new TLSSocket(this.raw, { isServer: true, secureContext, requestCert, rejectUnauthorized: false });
    this.stream = tls;
    this.listenForEnd();
    const good = await new Promise<boolean>((resolve) => {
      tls.once('secure', () => resolve(true));
      for (const failure of ['error', 'end', 'close']) tls.once(failure, () => resolve(false));
    });
    if (!good) {
      this.raw.destroy();
      throw new PeerGone();
    }
    this.encrypted = true;
    this.listen();
    return tls.getPeerCertificate().subject?.CN?.toString();
  }

  private listen(): void {
    this.stream.on('data', (chunk: Buffer) => this.take(chunk));
  }

  private listenForEnd(): void {
    this.stream.on('end', () => this.input.end());
    this.stream.on('error', () => this.input.end());
  }

  private take(chunk: Buffer): void {
    const limit = this.receiveLimit;
    if (limit === undefined || this.received + chunk.length < limit.octets) {
      this.received += chunk.length;
      return this.input.push(chunk);
    }
    const part = chunk.subarray(0, limit.octets - this.received);
    this.received += part.length;
    if (part.length > 0) this.input.push(part);
    // What has come before is answered first.
    this.input.whenStarving(() => this.cut(limit.cut));
  }
}
