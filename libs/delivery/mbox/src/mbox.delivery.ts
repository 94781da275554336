/**
 * Appends messages to an mbox file, in the format that is called mboxrd.
 *
 * All recipients share the file. A message is held by the core until it is complete, so the file is locked for the time of an append only.
 */
import {
  BodyAborted,
  Clock,
  Logger,
  Options,
  delivered,
  outcomes,
  type Body,
  type DeliveryStrategy,
  type DeliveryTransaction,
  type Envelope,
  type HeldMessage,
  type Lifecycle,
  type Outcome,
  type Recipient,
} from '@mailverb/contract';
import { reply, type Reply } from '@mailverb/protocol';
import { resolve } from 'node:path';
import { inject, injectable } from 'tsyringe';
import { LockTimeout, lock } from './dot-lock.js';
import { fromLine } from './from-line.js';
import { MboxFile } from './mbox-file.js';
import type { MboxOptions } from './mbox.options.js';
import { inTurn } from './turns.js';

const BINARY = reply(554, '5.6.3', 'binary content cannot be kept in this mailbox');
const LOCKED = reply(450, '4.2.0', 'the mailbox is locked, try again later');
const DISK_FULL = reply(452, '4.3.1', 'no space left for messages');
const FAILED = reply(451, '4.3.0', 'the message could not be stored, try again later');

/** Appends messages to one mbox file. */
@injectable()
export class MboxDelivery implements DeliveryStrategy, Lifecycle {
  readonly durability: 'disk' | 'memory';
  readonly wholeMessage = true;
  private readonly file: MboxFile;

  constructor(
    @inject(Options) private readonly options: MboxOptions,
    @inject(Clock) private readonly clock: Clock,
    @inject(Logger) private readonly logger: Logger,
  ) {
    this.durability = options.fsync ? 'disk' : 'memory';
    this.file = new MboxFile(resolve(options.path), options.fsync);
  }

  start(): Promise<void> {
    return this.file.makeFolder();
  }

  begin(envelope: Envelope): DeliveryTransaction {
    return new MboxTransaction(envelope, (message, signal) => this.append(envelope, message, signal));
  }

  /** Appends a message; gives the reply for it. Rejects only if `signal` fires first: then nothing of it is left. */
  private async append(envelope: Envelope, message: HeldMessage, signal: AbortSignal): Promise<Reply> {
    const { file, clock } = this;
    const { path } = file;
    const { lockTimeout, lockStaleAfter } = this.options;
    // From now on, not from when it is our turn: those who wait behind a stuck lock must not wait one after another.
    const deadline = clock.now() + lockTimeout;
    try {
      await inTurn(path, async () => {
        signal.throwIfAborted();
        const options = { clock, deadline, staleAfterMs: lockStaleAfter, signal };
        const unlock = await lock(`${path}.lock`, options);
        try {
          await file.append(fromLine(envelope.reversePath, clock.now()), message.open(), signal);
        } finally {
          await unlock();
        }
      });
      return delivered(`stored as ${envelope.id}`);
    } catch (error) {
      signal.throwIfAborted();
      this.logger.error({ error, transaction: envelope.id, path }, 'mbox: a message could not be stored');
      return replyTo(error);
    }
  }
}

class MboxTransaction implements DeliveryTransaction {
  private readonly taken: Recipient[] = [];
  private readonly cancel = new AbortController();
  private message: HeldMessage | undefined;
  private committing: Promise<Reply> | undefined;

  constructor(
    private readonly envelope: Envelope,
    private readonly append: (message: HeldMessage, signal: AbortSignal) => Promise<Reply>,
  ) {}

  recipient(recipient: Recipient): Reply | undefined {
    // There are no lines in it, and an mbox is made of lines (RFC 3030 3).
    if (this.envelope.parameters.BODY === 'BINARYMIME') return BINARY;
    this.taken.push(recipient);
    return undefined;
  }

  body(body: Body): void {
    if (body.held === undefined) throw new Error('mbox was given a body that is not held');
    this.message = body.held;
  }

  async commit(): Promise<readonly Outcome[]> {
    if (this.message === undefined) throw new Error('mbox was told to commit without a body');
    this.cancel.signal.throwIfAborted();
    this.committing = this.append(this.message, this.cancel.signal);
    return outcomes(this.taken, await this.committing);
  }

  async abort(): Promise<void> {
    this.cancel.abort(new BodyAborted('the transaction was aborted'));
    // What was being appended is taken back before this returns.
    await this.committing?.catch(() => undefined);
  }
}

function replyTo(error: unknown): Reply {
  if (error instanceof LockTimeout) return LOCKED;
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG' ? DISK_FULL : FAILED;
}
