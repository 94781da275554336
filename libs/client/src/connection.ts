/**
 * One connection to a server: commands out, replies in, in order; a deadline for whatever is waited for; mail data with backpressure.
 *
 * It knows no command. Who uses it says something, says how long the answer may take, and gets the reply. Once anything has gone wrong the connection is
 * gone, and whatever waits, or is asked for later, fails with the first cause.
 */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { ByteGatherer } from '@mailverb/body';
import type { ChannelBinding, Clock } from '@mailverb/contract';
import { ReplyReader, type Reply } from '@mailverb/protocol';
import { MovingAlarm } from './alarm.js';
import { ServerCapabilities } from './capabilities.js';
import { ClientError, type ClientFault, type ClientStep } from './errors.js';

interface Waiter {
  readonly step: ClientStep;
  readonly ms: number;
  readonly resolve: (answer: Reply) => void;
  readonly reject: (error: ClientError) => void;
}

/** Replies that may come before anybody waits for them: a server that gives up says so once. */
const MAX_EARLY = 4;
const NOTHING = Buffer.alloc(0);
/** How long a server may take to see us off. */
const GOODBYE_MS = 2000;

/** One connection. Made by `openConnection`. */
export class ClientConnection {
  capabilities = new ServerCapabilities();
  /** Transactions so far. */
  messages = 0;
  /** Whom the server takes us for (XCLIENT), as it was said; empty for ourselves. */
  represents = '';
  /** True if it belongs to one session, whose client has logged in on it: no pool may have it. */
  personal = false;
  /** True once we have proved who we are. */
  authenticated = false;
  encrypted = false;
  /** Where small messages are put together; kept, so that its memory is. */
  readonly gathered = new ByteGatherer();
  private readonly reader = new ReplyReader();
  private readonly waiting: Waiter[] = [];
  private early: Reply[] = [];
  private out = '';
  private utf8 = false;
  private failure: ClientError | undefined = undefined;
  private flushing: { readonly ms: number; readonly settle: () => void } | undefined = undefined;
  private readonly alarm: MovingAlarm;
  private idle: (() => void) | undefined = undefined;
  private leaving = false;

  constructor(
    private socket: Socket,
    clock: Clock,
    /** What it is called in logs: `mx.example.net:25`. */
    readonly peer: string,
  ) {
    this.alarm = new MovingAlarm(clock, () => this.expired());
    this.listen();
  }

  /** True while nothing has gone wrong, nothing is under way, and nothing was said that nobody asked for. */
  get quiet(): boolean {
    return (
      this.failure === undefined &&
      this.waiting.length === 0 &&
      this.early.length === 0 &&
      !this.reader.buffered &&
      this.socket.writableLength === 0
    );
  }

  /** Why the connection is gone; undefined while it is not. */
  get error(): ClientError | undefined {
    return this.failure;
  }

  /** Queues a command, without its CRLF. @param utf8 true if it has more than ASCII. */
  say(command: string, utf8 = false): void {
    // Taken for the answer to this one, it would make a refused message one that was accepted.
    if (this.early.length > 0) this.fail('protocol', 'idle', 'it answers what nobody has asked');
    this.out += `${command}\r\n`;
    if (utf8) this.utf8 = true;
  }

  /** Sends what is queued. */
  flush(): void {
    if (this.out === '') return;
    const { out, utf8 } = this;
    this.out = '';
    this.utf8 = false;
    if (this.failure === undefined) this.socket.write(out, utf8 ? 'utf8' : 'latin1');
  }

  /** The next reply that nobody waits for yet. */
  reply(step: ClientStep, ms: number): Promise<Reply> {
    const early = this.early.shift();
    if (early !== undefined) return Promise.resolve(early);
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      this.waiting.push({ step, ms, resolve, reject });
      if (this.waiting.length === 1) this.alarm.set(ms);
    });
  }

  /** Sends a command and waits for its reply. */
  ask(command: string, step: ClientStep, ms: number): Promise<Reply> {
    this.say(command);
    this.flush();
    return this.reply(step, ms);
  }

  /** What the server said though nobody has asked: it has given up on what we are sending. */
  get interruption(): Reply | undefined {
    return this.early[0];
  }

  /** Writes octets behind what is queued; who gives them may not change them until `flushed`. */
  write(...pieces: readonly Uint8Array[]): void {
    if (this.failure !== undefined) return;
    this.socket.cork();
    this.flush();
    for (const piece of pieces) this.socket.write(piece);
    this.socket.uncork();
  }

  /** Undefined if the system has taken all that was written; else resolves when it has, or the connection is gone. */
  flushed(ms: number): Promise<void> | undefined {
    if (this.failure !== undefined || this.socket.writableLength === 0) return undefined;
    return new Promise((resolve) => {
      const settle = () => {
        if (this.flushing?.settle !== settle) return;
        this.flushing = undefined;
        this.rearm();
        resolve();
      };
      this.flushing = { ms, settle };
      if (this.waiting.length === 0) this.alarm.set(ms);
      this.socket.write(NOTHING, settle);
    });
  }

  /** Waits for nothing, for so long at most; then, or when the server says or ends anything, `lost` is called and the connection is gone. */
  park(ms: number, lost: () => void): void {
    this.idle = lost;
    this.alarm.set(ms);
    this.socket.unref();
  }

  /** True while it waits for somebody to need it. */
  get parked(): boolean {
    return this.idle !== undefined;
  }

  /** Back to work. False if the server has gone meanwhile, or if it is at work: whoever waits for an answer there keeps the deadline of it. */
  unpark(): boolean {
    if (this.idle === undefined) return false;
    this.idle = undefined;
    this.alarm.clear();
    this.socket.ref();
    return this.quiet;
  }

  /** Takes the socket for a TLS handshake. Nothing may have come behind the reply before it (attack A4). */
  takeSocket(): Socket {
    if (this.reader.buffered || this.early.length > 0)
      this.fail('tls', 'starttls', 'octets came in clear behind the reply to STARTTLS');
    const { socket } = this;
    socket.off('data', this.onData).off('end', this.onEnd).off('close', this.onEnd).off('error', this.onError);
    socket.on('error', () => undefined);
    return socket;
  }

  /** What binds an authentication to this TLS connection (RFC 9266); undefined where nothing of that type does. */
  channelBinding(type: ChannelBinding): Uint8Array | undefined {
    const { socket } = this;
    if (type !== 'tls-exporter' || !(socket instanceof TLSSocket) || socket.getProtocol() !== 'TLSv1.3')
      return undefined;
    return socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0));
  }

  /** Goes on over this one. */
  giveSocket(socket: Socket): void {
    this.socket = socket;
    this.encrypted = true;
    this.listen();
  }

  /** Says goodbye, and does not wait for long. Resolves when the socket is closed. */
  quit(): Promise<void> {
    if (this.failure !== undefined) return Promise.resolve();
    if (!this.quiet) {
      this.destroy();
      return Promise.resolve();
    }
    this.leaving = true;
    this.idle = undefined;
    this.socket.ref();
    return new Promise((resolve) => {
      this.socket.once('close', () => resolve());
      this.alarm.set(GOODBYE_MS);
      this.socket.end('QUIT\r\n', 'latin1');
    });
  }

  /** Ends it at once. */
  destroy(): void {
    this.fail('closed', 'quit', 'closed by us');
  }

  private listen(): void {
    const { socket } = this;
    socket.on('data', this.onData).on('end', this.onEnd).on('close', this.onEnd).on('error', this.onError);
  }

  private readonly onData = (chunk: Buffer) => this.received(chunk);
  private readonly onEnd = () => this.lost(undefined);
  private readonly onError = (error: Error) => this.lost(error);

  private received(chunk: Buffer): void {
    if (this.failure !== undefined || this.leaving) return;
    const { reader } = this;
    reader.push(chunk.toString('latin1'));
    for (let answer = reader.next(); answer !== undefined; answer = reader.next()) this.answered(answer);
    if (reader.fault !== undefined)
      this.fail('protocol', this.waiting[0]?.step ?? 'idle', `no SMTP reply: ${reader.fault}`);
  }

  private answered(answer: Reply): void {
    const waiter = this.waiting.shift();
    if (waiter !== undefined) {
      this.rearm();
      waiter.resolve(answer);
      return;
    }
    // 421 on a connection that nobody uses, or a reply too many.
    if (this.idle !== undefined) return this.fail('closed', 'idle', `it said ${String(answer)} while idle`);
    this.early.push(answer);
    if (this.early.length > MAX_EARLY) this.fail('protocol', 'idle', 'replies that nobody has asked for');
  }

  /** Somebody else is first now. */
  private rearm(): void {
    const next = this.waiting[0] ?? this.flushing;
    if (next === undefined) this.alarm.clear();
    else this.alarm.set(next.ms);
  }

  private expired(): void {
    if (this.leaving) return this.destroy();
    if (this.idle !== undefined) {
      const lost = this.idle;
      void this.quit();
      return lost();
    }
    const step = this.waiting[0]?.step ?? 'body';
    this.fail('timeout', step, `no answer in time (${step})`);
  }

  private lost(cause: Error | undefined): void {
    const why = cause === undefined ? 'the server closed the connection' : `the connection broke: ${cause.message}`;
    this.fail('closed', this.waiting[0]?.step ?? 'idle', why, cause);
  }

  private fail(fault: ClientFault, step: ClientStep, message: string, cause?: unknown): void {
    if (this.failure !== undefined) return;
    // A 421 that came in time is a better cause than the end of the connection behind it.
    const reply = this.early[0];
    this.failure = new ClientError(
      fault,
      step,
      `${this.peer}: ${message}${reply === undefined ? '' : `, after ${String(reply)}`}`,
      reply,
      { cause },
    );
    this.alarm.stop();
    // Its own errors have nobody left to hear them.
    this.socket.on('error', () => undefined);
    this.socket.destroy();
    for (const waiter of this.waiting.splice(0)) waiter.reject(this.failure);
    this.flushing?.settle();
    const { idle } = this;
    this.idle = undefined;
    idle?.();
  }
}
