/** Keeps messages in memory, up to a bound: for tests, and for looking at what a program sends. */
import {
  BodyAborted,
  Options,
  SmtpError,
  delivered,
  outcomes,
  type Body,
  type DeliveryStrategy,
  type DeliveryTransaction,
  type Envelope,
  type MaybePromise,
  type Outcome,
  type Recipient,
  type Session,
} from '@mailverb/contract';
import { ByteGatherer, pump } from '@mailverb/body';
import { reply } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';
import type { MemoryOptions } from './memory.options.js';

/** A message as it was taken. */
export interface StoredMessage {
  /** As it was when the message was committed. */
  readonly envelope: Envelope;
  readonly bytes: Uint8Array;
  /** Who brought it. */
  readonly session: Pick<Session, 'id' | 'remoteAddress' | 'heloName' | 'identity' | 'tls'>;
}

const FULL = reply(452, '4.3.1', 'out of memory for messages (limit messages or octets of this mailbox)');

/** Keeps messages until {@link MemoryDelivery.clear}, or until it is full. */
@injectable()
export class MemoryDelivery implements DeliveryStrategy {
  readonly durability = 'memory';
  private readonly kept: StoredMessage[] = [];
  /** Kept and not yet given by `next`. */
  private readonly unseen: StoredMessage[] = [];
  private readonly waiting: ((message: StoredMessage) => void)[] = [];
  private octets = 0;

  constructor(@inject(Options) private readonly options: MemoryOptions) {}

  /** What it keeps, oldest first. */
  get messages(): readonly StoredMessage[] {
    return this.kept;
  }

  /** The next message that this method has not given yet: now if it is here, else when it comes. */
  next(): Promise<StoredMessage> {
    const message = this.unseen.shift();
    if (message !== undefined) return Promise.resolve(message);
    return new Promise((resolve) => {
      this.waiting.push(resolve);
    });
  }

  /** Forgets all messages. */
  clear(): void {
    for (const message of this.kept) this.octets -= message.bytes.length;
    this.kept.length = 0;
    this.unseen.length = 0;
  }

  begin(envelope: Envelope, session: Session): DeliveryTransaction {
    return new MemoryTransaction(this, envelope, session);
  }

  /** Takes room for octets that are arriving. @throws {SmtpError} if there is none and nothing to forget. */
  reserve(octets: number): void {
    while (this.options.whenFull === 'forget' && this.octets + octets > this.options.octets && this.kept.length > 0) {
      this.forgetOldest();
    }
    if (this.octets + octets > this.options.octets) throw new SmtpError(FULL, 'the option octets is reached');
    this.octets += octets;
  }

  /** Gives room back. */
  release(octets: number): void {
    this.octets -= octets;
  }

  /** Keeps a message for whose bytes room was taken. False if it is full. */
  keep(message: StoredMessage): boolean {
    if (this.kept.length >= this.options.messages) {
      if (this.options.whenFull === 'refuse') return false;
      this.forgetOldest();
    }
    this.kept.push(message);
    const waiting = this.waiting.shift();
    if (waiting === undefined) this.unseen.push(message);
    else waiting(message);
    return true;
  }

  private forgetOldest(): void {
    const oldest = this.kept.shift();
    if (oldest === undefined) return;
    this.octets -= oldest.bytes.length;
    if (this.unseen[0] === oldest) this.unseen.shift();
  }
}

class MemoryTransaction implements DeliveryTransaction {
  private readonly taken: Recipient[] = [];
  private readonly gathered = new ByteGatherer();
  private reserved = 0;
  private ended = false;

  constructor(
    private readonly memory: MemoryDelivery,
    private readonly envelope: Envelope,
    private readonly session: Session,
  ) {}

  recipient(recipient: Recipient): undefined {
    this.taken.push(recipient);
  }

  body(body: Body): MaybePromise<void> {
    return pump(body, (chunk) => {
      if (this.ended) throw new BodyAborted('the transaction was aborted');
      this.memory.reserve(chunk.length);
      this.reserved += chunk.length;
      this.gathered.append(chunk);
    });
  }

  commit(): readonly Outcome[] {
    if (this.ended) throw new Error('the transaction was aborted');
    const { id, reversePath, parameters } = this.envelope;
    const { id: sessionId, remoteAddress, heloName, identity, tls } = this.session;
    const kept = this.memory.keep({
      envelope: { id, reversePath, parameters, recipients: this.taken },
      // A copy of the right size: what gathers has grown by doubling.
      bytes: this.gathered.view().slice(),
      session: { id: sessionId, remoteAddress, heloName, identity, tls },
    });
    if (!kept) this.giveBack();
    this.ended = true;
    return outcomes(this.taken, kept ? delivered(`kept in memory as ${id}`) : FULL);
  }

  abort(): void {
    // What was committed stays.
    if (this.ended) return;
    this.ended = true;
    this.giveBack();
  }

  private giveBack(): void {
    this.memory.release(this.reserved);
    this.gathered.clear();
  }
}
