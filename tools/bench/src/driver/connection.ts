/** One client connection that plays a script until it is done, as fast as the replies allow. */
import { connect, type Socket } from 'node:net';
import { connect as secure } from 'node:tls';
import { ReplyReader } from './reply-reader.js';
import type { Script, Step } from './script.js';

/** What a connection tells whoever runs it. */
export interface Watcher {
  /** A message was answered. @returns true if the connection may start another one. */
  completed(since: number): boolean;
  closed(): void;
  failed(error: Error): void;
}

/** Replies are small and looked at before the next read, so one buffer serves all connections of the process. */
const SHARED = Buffer.allocUnsafe(64 * 1024);

const GREETING = [220] as const;

/** Where to connect. */
export interface Target {
  readonly port: number;
  /** Source address; matters where one address would run out of ports. */
  readonly localAddress?: string;
}

export class Connection {
  private socket: Socket;
  private readonly reader = new ReplyReader(() => {
    if (this.step?.completes === true) this.complete();
  });
  private steps: readonly Step[];
  private next = 0;
  private step: Step | undefined;
  private played = 0;
  private goOn = true;
  /** When the message that is under way began: with the connection, or with the reply to the one before. */
  private since = performance.now();
  private over = false;

  constructor(
    target: Target,
    private readonly script: Script,
    private readonly watcher: Watcher,
  ) {
    this.steps = script.open;
    this.reader.expect(GREETING);
    this.socket = connect({
      host: '127.0.0.1',
      ...target,
      noDelay: true,
      onread: { buffer: SHARED, callback: (length, chunk) => this.read(chunk, length) },
    });
    this.socket.on('error', (error) => this.fail(error));
    this.socket.on('close', () => this.close());
  }

  /** Gives up, without a word. */
  destroy(): void {
    this.over = true;
    this.socket.destroy();
  }

  private read(chunk: Uint8Array, length: number): boolean {
    try {
      if (this.reader.feed(chunk, length)) this.advance();
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)));
    }
    return true;
  }

  private advance(): void {
    if (this.step?.secures === true) return this.secure();
    this.goOnWithNext();
  }

  /** A full handshake: what a client's first connection costs, and all there is for most senders of mail. */
  private secure(): void {
    const { socket } = this;
    socket.removeAllListeners('close');
    this.step = undefined;
    const tls = secure({ socket, rejectUnauthorized: false, servername: 'localhost' });
    this.socket = tls;
    tls.on('secureConnect', () => this.goOnWithNext());
    tls.on('data', (chunk: Buffer) => this.read(chunk, chunk.length));
    tls.on('error', (error) => this.fail(error));
    tls.on('close', () => this.close());
  }

  private goOnWithNext(): void {
    if (this.next === this.steps.length) this.nextPart();
    this.step = this.steps[this.next++];
    // Nothing left: QUIT was answered, and the server closes.
    if (this.step === undefined) return this.reader.expect([]);
    this.reader.expect(this.step.codes);
    this.socket.write(this.step.bytes);
  }

  private nextPart(): void {
    if (this.steps === this.script.close) return;
    const again = this.goOn && this.played < this.script.repeat;
    this.steps = again ? this.script.message : this.script.close;
    if (again) this.played++;
    this.next = 0;
  }

  private complete(): void {
    this.goOn = this.watcher.completed(this.since);
    this.since = performance.now();
  }

  private close(): void {
    if (this.over) return;
    this.over = true;
    if (this.steps === this.script.close && this.step === undefined) this.watcher.closed();
    else this.watcher.failed(new Error('the server closed in the middle of a conversation'));
  }

  private fail(error: Error): void {
    if (this.over) return;
    this.destroy();
    this.watcher.failed(error);
  }
}
