/**
 * One connection: bytes between a stream and its conversation, the pace of both directions, deadlines, the end.
 *
 * Its life ends when the client leaves, when an outcome asks for it, when a limit or a deadline says so, or on shutdown. Nothing here knows a command.
 */
import type { Duplex } from 'node:stream';
import { isPromise, type TlsFacts } from '@mailverb/contract';
import { reply, type Reply } from '@mailverb/protocol';
import type { Endpoint } from '../host/server.js';
import type { ListenerRuntime } from '../listener/runtime.js';
import type { Swept } from '../listener/sweeper.js';
import { sessionId } from '../session/ids.js';
import { SessionState } from '../session/session-state.js';
import { factsOf, secured } from '../tls/secured.js';
import { Conversation, type Wire } from './conversation.js';

type IdleTimeout = 'connected' | 'greeted' | 'mail' | 'rcpt' | 'data';
const idleReply = (which: IdleTimeout) => reply(421, '4.4.2', `idle for too long (timeouts.${which})`);
const IDLE_TIMEOUTS: Readonly<Record<IdleTimeout, Reply>> = {
  connected: idleReply('connected'),
  greeted: idleReply('greeted'),
  mail: idleReply('mail'),
  rcpt: idleReply('rcpt'),
  data: idleReply('data'),
};
const SESSION_TIMEOUT = reply(421, '4.4.2', 'session took too long (timeouts.session)');
const TOO_SLOW = reply(421, '4.4.2', 'mail data comes too slowly (limit minDataRate)');
const DELIVERY_STALLED = reply(451, '4.4.7', 'delivery took too long, try again later (timeouts.delivery)');
const EARLY_TALKER = reply(554, '5.5.0', 'talked before the greeting (timeouts.greetDelay)');

/** Octets that are read and dropped once the session is over, so that our last words are not lost to a reset. */
const LATE = 1024 * 1024;

/** One connection and its session. */
export class Connection implements Wire, Swept {
  readonly conversation: Conversation;
  blocked = false;
  private closed = false;
  private paused = false;
  private halfClosed = false;
  private greeted = false;
  private octetsIn = 0;
  private octetsLate = 0;
  /** When the conversation last came a step further. */
  private movedAt: number;
  /** When the connection is destroyed, once it has been ended. */
  private destroyAt = 0;
  /** While a TLS handshake is under way: when it is given up. */
  private handshakeUntil = 0;

  constructor(
    private stream: Duplex,
    private readonly runtime: ListenerRuntime,
    endpoint: Endpoint,
    trustedPeer: boolean,
    private readonly onClosed: (connection: Connection) => void,
  ) {
    const now = runtime.clock.now();
    this.movedAt = now;
    const session = new SessionState(sessionId(), runtime.info, endpoint, now, trustedPeer);
    this.conversation = new Conversation(runtime, session, this);
    stream.on('error', this.onError);
    stream.on('close', this.onClose);
    runtime.sweeper.add(this);
  }

  /** Opens the session: TLS, if it is implicit, then the greeting, after its delay. */
  open(): void {
    const { runtime, conversation } = this;
    // A closed socket has no addresses any more: Node remembers what was asked for before, and a record at the end wants it.
    if (runtime.watchers.watches('sessionClosed')) void conversation.session.localAddress;
    runtime.watchers.sessionOpened(conversation.session);
    if (runtime.tls?.mode === 'implicit') {
      conversation.secureFirst(() => this.welcome());
    } else {
      this.listen();
      this.welcome();
    }
  }

  private listen(): void {
    this.stream.on('data', this.onData);
    this.stream.on('end', this.onEnd);
  }

  private welcome(): void {
    const { runtime, conversation } = this;
    if (runtime.timeouts.greetDelay === 0) {
      this.greet();
      return;
    }
    runtime.clock.after(runtime.timeouts.greetDelay, () => {
      if (conversation.cause !== undefined) return;
      if (conversation.protocol.buffered) {
        runtime.watchers.limitReached(conversation.session, 'greetDelay');
        conversation.hangup(EARLY_TALKER, 'limit');
      } else {
        this.greet();
      }
    });
  }

  drain(): void {
    this.conversation.drain();
  }

  /** Ends it at once. */
  destroy(cause: string): void {
    if (this.closed) return;
    this.conversation.gone(cause);
    this.stream.destroy();
  }

  // Wire

  flush(): void {
    const { protocol } = this.conversation;
    if (protocol.pending === 0) return;
    // Replies are ASCII: latin1 is the cheapest way to write them.
    if (this.stream.write(protocol.take(), 'latin1')) return;
    this.blocked = true;
    this.stream.once('drain', () => this.drained());
  }

  secure(): Promise<TlsFacts | undefined> {
    const { runtime, stream } = this;
    const { tls } = runtime;
    if (tls === undefined) return Promise.reject(new Error('this listener has no TLS'));
    // From here on its octets are TLS records, and nobody's commands.
    stream.off('data', this.onData);
    stream.off('end', this.onEnd);
    stream.off('close', this.onClose);
    stream.pause();
    this.handshakeUntil = runtime.sweeper.now + runtime.timeouts.handshake;
    const socket = secured(stream, tls);
    this.stream = socket;
    return new Promise((resolve) => {
      socket.on('error', () => {
        this.failed();
        resolve(undefined);
      });
      // Half a handshake is none, though half-open connections are welcome later. What is not read does not end.
      const left = () => this.destroy('tls');
      socket.on('end', left);
      socket.resume();
      socket.on('close', () => {
        resolve(undefined);
        this.close();
      });
      socket.once('secure', () => {
        socket.off('end', left);
        this.handshakeUntil = 0;
        // After the handshake Node's bare TLSSocket says so, and nothing else, of octets that are no records: nobody would ever hear of it.
        socket.on('_tlsError', () => this.destroy('tls'));
        const facts = factsOf(socket, tls);
        if (facts === undefined) {
          // A certificate was demanded. TLS 1.3 has no way to say so once the handshake is over.
          this.conversation.gone('tls');
          socket.destroy();
        } else {
          this.paused = false;
          this.listen();
        }
        resolve(facts);
      });
    });
  }

  finish(_cause: string): void {
    if (this.destroyAt !== 0) return;
    this.destroyAt = this.runtime.sweeper.now + Math.max(1, this.runtime.timeouts.close);
    this.stream.end(this.conversation.protocol.take(), 'latin1');
    // What still comes is read and dropped: closing with bytes unread would reset the connection and lose our last words.
    if (this.paused) this.resume();
  }

  moved(): void {
    this.movedAt = this.runtime.sweeper.now;
  }

  more(): void {
    if (this.paused) this.resume();
  }

  idle(reading: boolean): void {
    if (this.halfClosed) {
      this.conversation.gone('disconnect');
      this.finish('disconnect');
    } else if (reading && this.paused) {
      this.resume();
    } else if (!reading && !this.paused) {
      this.pause();
    }
  }

  // Swept

  sweep(now: number): void {
    const { conversation, runtime } = this;
    const { timeouts, limits } = runtime;
    if (this.destroyAt !== 0) {
      if (now >= this.destroyAt) this.destroy(conversation.cause ?? 'timeout');
      return;
    }
    if (this.handshakeUntil !== 0) {
      if (now >= this.handshakeUntil) this.failedHandshake();
      return;
    }
    // While a plugin works its own time budget counts, and before the greeting the delay.
    if (conversation.busy || !this.greeted) return;
    if (now - conversation.session.openedAt > timeouts.session) {
      runtime.watchers.limitReached(conversation.session, 'timeouts.session');
      return conversation.hangup(SESSION_TIMEOUT, 'timeout');
    }
    const { data } = conversation;
    if (data?.full === true) {
      // The delivery's time, and not the client's, whose pace is measured anew when it is its turn again.
      data.measure();
      if (now - data.movedAt > timeouts.delivery) conversation.hangup(DELIVERY_STALLED, 'timeout');
      return;
    }
    if (conversation.receiving && data?.slowerThan(limits.minDataRate, timeouts.dataRateGrace) === true) {
      runtime.watchers.limitReached(conversation.session, 'minDataRate');
      return conversation.hangup(TOO_SLOW, 'timeout');
    }
    const which = data === undefined ? idleTimeout(conversation) : 'data';
    if (now - Math.max(this.movedAt, data?.movedAt ?? 0) <= timeouts[which]) return;
    runtime.watchers.limitReached(conversation.session, `timeouts.${which}`);
    // A client that does not even read cannot be told.
    if (this.blocked) this.destroy('timeout');
    else conversation.hangup(IDLE_TIMEOUTS[which], 'timeout');
  }

  // Stream

  private readonly onData = (chunk: Uint8Array) => this.received(chunk);
  private readonly onEnd = () => this.ended();
  private readonly onError = () => this.failed();
  private readonly onClose = () => this.close();

  private failedHandshake(): void {
    this.runtime.watchers.limitReached(this.conversation.session, 'timeouts.handshake');
    this.destroy('tls');
  }

  received(chunk: Uint8Array): void {
    this.octetsIn += chunk.length;
    const { conversation } = this;
    if (conversation.cause !== undefined) {
      // Dropped, but not without end: who goes on sending after our goodbye does not wait for it.
      this.octetsLate += chunk.length;
      if (this.octetsLate > LATE) this.destroy(conversation.cause);
      return;
    }
    conversation.protocol.receive(chunk);
    if (conversation.busy || this.blocked || !this.greeted) this.pause();
    else conversation.run();
  }

  ended(): void {
    this.halfClosed = true;
    // A client may end its side and still wait for the answers to what it sent, even if it is slow to read them.
    if (this.conversation.busy || this.blocked || this.destroyAt !== 0) return;
    this.conversation.gone('disconnect');
    this.finish('disconnect');
  }

  drained(): void {
    this.blocked = false;
    if (this.conversation.busy || this.conversation.cause !== undefined) return;
    this.conversation.run();
  }

  failed(): void {
    this.conversation.gone(this.handshakeUntil === 0 ? 'disconnect' : 'tls');
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    const { conversation, runtime } = this;
    conversation.gone(this.handshakeUntil === 0 ? 'disconnect' : 'tls');
    runtime.sweeper.delete(this);
    this.letGo();
    runtime.watchers.sessionClosed(conversation.session, conversation.record(this.octetsIn));
    this.onClosed(this);
  }

  /** Here nobody is left to catch what a delivery throws, or rejects with against its type: it would end the process (attack A24). */
  private letGo(): void {
    const { runtime, conversation } = this;
    const fault = (error: unknown) => runtime.watchers.faultCaught(conversation.session, 'delivery', error);
    try {
      const done: unknown = runtime.delivery?.sessionClosed?.(conversation.session);
      if (isPromise(done)) done.then(undefined, fault);
    } catch (error) {
      fault(error);
    }
  }

  private greet(): void {
    this.greeted = true;
    this.conversation.greet();
  }

  private pause(): void {
    if (this.paused) return;
    this.paused = true;
    this.stream.pause();
  }

  private resume(): void {
    this.paused = false;
    this.stream.resume();
  }
}

function idleTimeout({ session: { phase } }: Conversation): IdleTimeout {
  return phase === 'bdat' ? 'data' : phase;
}
