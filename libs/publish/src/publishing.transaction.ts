/** One message on its way to a broker. Nothing is sent before `commit`, so an `abort` before it has nothing to take back. */
import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import {
  BodyAborted,
  SmtpError,
  delivered,
  type Body,
  type DeliveryContext,
  type DeliveryTransaction,
  type Envelope,
  type HeldMessage,
  type Outcome,
  type Recipient,
  type Session,
} from '@mailverb/contract';
import { collect, heldBytes, pump, ByteGatherer } from '@mailverb/body';
import type { Reply } from '@mailverb/protocol';
import { canSay, envelopeHeaders } from './envelope-headers.js';
import type { Gate } from './gate.js';
import { partsOf, type Addressed, type Part } from './parts.js';
import { publicationId } from './publication-id.js';
import { PublishError, type Publication } from './publication.js';
import type { Publishing } from './publishing.delivery.js';
import { CONGESTED, UNSPEAKABLE, replyTo, tooLarge } from './replies.js';

/** Publications of one message that are on their way at once; the others follow as these are confirmed. */
const AT_ONCE = 16;

export class PublishingTransaction implements DeliveryTransaction {
  private readonly addressed: Addressed[] = [];
  private held: HeldMessage | undefined = undefined;
  private state: 'open' | 'publishing' | 'over' = 'open';
  private warned = false;

  constructor(
    private readonly publishing: Publishing,
    private readonly gate: Gate,
    private readonly envelope: Envelope,
    private readonly session: Session,
    private readonly context: DeliveryContext,
  ) {}

  /** Refuses as early as it can: what is known to fail need not be sent first. */
  recipient(recipient: Recipient): Reply | undefined {
    this.expectOpen();
    const { envelope, session } = this;
    const { publisher, target, options } = this.publishing;
    if (publisher.trouble !== undefined) return this.failure(publisher.trouble);
    if ((envelope.parameters.SIZE ?? 0) > this.limit) return tooLarge(this.limit);
    const where = target.render({ recipient, envelope, session });
    const addresses = [recipient.mailbox.address, envelope.reversePath?.address ?? ''];
    if (where === undefined || !addresses.every((address) => canSay(address, options.envelope))) return UNSPEAKABLE;
    this.addressed.push({ recipient, target: where });
    return undefined;
  }

  async body(body: Body): Promise<void> {
    this.expectOpen();
    this.held = body.held ?? heldBytes(await this.gather(body));
    this.expectOpen();
    if (this.held.size > this.limit) throw this.oversized(this.held.size);
  }

  async commit(): Promise<readonly Outcome[]> {
    this.expectOpen();
    const { held, gate, context } = this;
    if (held === undefined) throw new Error('there is no body');
    const leave = await gate.enter(held.size, context.signal);
    const hold = new SharedHold(leave);
    try {
      this.expectOpen();
      if (leave === undefined) throw new SmtpError(CONGESTED, `${this.publishing.name}: too much is in flight`);
      const bytes = await collect(held.open());
      if (bytes.length !== held.size) throw new Error('the held message has another size than it said');
      this.expectOpen();
      this.state = 'publishing';
      return await this.publishAll(bytes, hold);
    } finally {
      hold.release();
      this.state = 'over';
    }
  }

  /** What is on its way to the broker cannot be called back: its commit goes on to say what became of it. */
  abort(): void {
    if (this.state === 'open') this.state = 'over';
    this.held = undefined;
  }

  private get limit(): number {
    const { publisher, options } = this.publishing;
    return Math.min(options.maxSize, publisher.maxOctets ?? options.maxSize);
  }

  /** Where nobody has held the body although we want it so. */
  private async gather(body: Body): Promise<Uint8Array> {
    const gathered = new ByteGatherer();
    await pump(body, (chunk) => {
      gathered.append(chunk);
      if (gathered.length > this.limit) throw this.oversized(gathered.length);
    });
    return gathered.view();
  }

  private oversized(octets: number): SmtpError {
    return new SmtpError(tooLarge(this.limit), `${this.publishing.name}: a message is too large`, { octets });
  }

  private async publishAll(bytes: Uint8Array, hold: SharedHold): Promise<readonly Outcome[]> {
    const parts = partsOf(this.addressed, this.publishing.options.recipientsPerMessage);
    const digest = createHash('sha256').update(bytes).digest('hex');
    const answers = new Map<Recipient, Reply>();
    const deadline = new AbortController();
    // One for each publication that is on its way, and those of the publisher.
    setMaxListeners(0, deadline.signal);
    const giveUp = () => deadline.abort();
    const alarm = this.publishing.clock.after(this.publishing.options.timeout, giveUp);
    this.context.signal.addEventListener('abort', giveUp);
    if (this.context.signal.aborted) giveUp();
    // Each worker takes the next part that nobody has taken.
    const queue = parts.entries();
    const work = async () => {
      for (const [i, part] of queue) {
        const publication = this.publication(part, i + 1, parts.length, bytes, digest);
        const answer = await this.publish(publication, deadline.signal, hold);
        for (const recipient of part.recipients) answers.set(recipient, answer);
      }
    };
    try {
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, parts.length) }, work));
    } finally {
      alarm.cancel();
      this.context.signal.removeEventListener('abort', giveUp);
    }
    return this.addressed.map(({ recipient }) => {
      const answer = answers.get(recipient);
      if (answer === undefined) throw new Error('a recipient was forgotten');
      return { recipient, reply: answer };
    });
  }

  private publication(part: Part, number: number, parts: number, body: Uint8Array, bodyDigest: string): Publication {
    const { envelope, session } = this;
    const { recipients, target } = part;
    const about = { envelope, session, recipients, size: body.length, part: number, parts };
    const headers = envelopeHeaders(about, this.publishing.options.envelope);
    return { id: publicationId(envelope.id, { target, headers, bodyDigest }), target, headers, body };
  }

  /** The answer for the recipients of one publication: a yes only where the publisher has said so in time. */
  private async publish(publication: Publication, signal: AbortSignal, hold: SharedHold): Promise<Reply> {
    const { publisher } = this.publishing;
    try {
      if (signal.aborted) throw new PublishError('unconfirmed', 'there was no time left to publish it');
      const release = hold.share();
      const published = async () => publisher.publish(publication, signal);
      await before(signal, published().finally(release));
      return delivered(`published as ${this.envelope.id}`);
    } catch (error) {
      return this.failure(error, publication.target);
    }
  }

  private failure(error: unknown, target?: string): Reply {
    // Many recipients may fail for one cause; the first is told.
    if (!this.warned) {
      const { name, logger } = this.publishing;
      logger.warn({ error, transaction: this.envelope.id, target }, `${name}: a message could not be published`);
      this.warned = true;
    }
    return replyTo(error, this.limit);
  }

  private expectOpen(): void {
    if (this.state !== 'open') throw new BodyAborted('the transaction is over');
  }
}

/** Room in flight that is given back when the last of those who use it has let it go. */
class SharedHold {
  private users = 1;

  constructor(private readonly leave: (() => void) | undefined) {}

  share(): () => void {
    this.users += 1;
    return () => this.release();
  }

  release(): void {
    this.users -= 1;
    if (this.users === 0) this.leave?.();
  }
}

/** `promise`, unless the signal is first: nobody is waited for who does not heed it. */
function before(signal: AbortSignal, promise: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new PublishError('unconfirmed', 'the broker did not confirm it in time'));
    signal.addEventListener('abort', giveUp, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}
