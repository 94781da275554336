/**
 * A transaction whose recipients go different ways: each way is a transaction of its own, so what fails on one costs its own recipients a 4xx and never the
 * others. A message that goes one way is passed straight on.
 *
 * A way may depend on the message. Its recipients are taken unseen then, and what their way says of them is their outcome: when the
 * mail data has come there is no other place for it (docs/decisions/0003).
 */
import {
  BodyAborted,
  isPromise,
  type Body,
  type DeliveryStrategy,
  type DeliveryTransaction,
  type MaybePromise,
  type Outcome,
  type Recipient,
} from '@mailverb/contract';
import { Reply } from '@mailverb/protocol';
import { drain } from './consume.js';
import { DeliveryPart, type Composed, type OnFault } from './delivery-part.js';
import { fanOut } from './fan-out.js';
import { PART_FAILED } from './final-reply.js';
import { HeaderFields, peekHeader } from './header.js';

/** Where a recipient goes. Recipients with equal keys go together. */
export interface Way {
  readonly key: unknown;
  readonly strategy: DeliveryStrategy;
}

/** What is known of a message when it is about to go its way. */
export interface MessageFacts {
  readonly header: HeaderFields;
  /** Octets; undefined where the message is not held. */
  readonly size: number | undefined;
}

/** A recipient whose way depends on the message. */
export interface Undecided {
  /** What it throws is the caller's. */
  decide(facts: MessageFacts): Way | Reply;
}

/** How recipients are parted. */
export interface Splitting {
  /** The way of a recipient, or the reply that refuses it. What it throws (or rejects with) is the caller's. */
  choose(recipient: Recipient): MaybePromise<Way | Reply | Undecided>;
  /** What a way threw: logs it, and gives the reply for the recipients of that way. */
  fault(way: Way, ...what: Parameters<OnFault>): Reply;
  /** Octets of the header section that are looked at, where somebody is undecided. Default 256 KiB. */
  readonly maxHeader?: number;
}

const MAX_HEADER = 256 * 1024;

/** See above. */
export class SplitTransaction implements DeliveryTransaction {
  /** A part for each way that somebody goes, by its key. */
  private readonly parts = new Map<unknown, DeliveryPart>();
  private readonly taken: Recipient[] = [];
  /** Who was taken unseen. */
  private readonly undecided = new Map<Recipient, Undecided>();
  /** Of those, who was refused when the message was there. */
  private readonly refusedLate = new Map<Recipient, Reply>();
  private aborted = false;

  constructor(
    private readonly splitting: Splitting,
    private readonly composed: Composed,
  ) {}

  recipient(recipient: Recipient): MaybePromise<Reply | undefined> {
    const way = this.splitting.choose(recipient);
    return isPromise(way) ? way.then((chosen) => this.offer(recipient, chosen)) : this.offer(recipient, way);
  }

  body(body: Body): MaybePromise<void> {
    this.expectOpen();
    if (this.undecided.size > 0) return this.decideAndSend(body);
    const unused = this.dropUnused();
    return isPromise(unused) ? unused.then(() => this.send(body)) : this.send(body);
  }

  commit(): MaybePromise<readonly Outcome[]> {
    this.expectOpen();
    return this.only?.commit() ?? this.commitAll();
  }

  async abort(reason: string): Promise<void> {
    this.aborted = true;
    await Promise.all([...this.parts.values()].map((part) => part.abort(reason)));
  }

  private offer(recipient: Recipient, way: Way | Reply | Undecided): MaybePromise<Reply | undefined> {
    // Or a way would be begun that nobody ends.
    if (this.aborted) return PART_FAILED;
    if (way instanceof Reply) return way;
    if ('decide' in way) {
      this.undecided.set(recipient, way);
      return this.note(recipient, undefined);
    }
    const answer = this.offerTo(way, recipient);
    return isPromise(answer) ? answer.then((settled) => this.note(recipient, settled)) : this.note(recipient, answer);
  }

  private offerTo(way: Way, recipient: Recipient): MaybePromise<Reply | undefined> {
    let part = this.parts.get(way.key);
    if (part === undefined) {
      part = new DeliveryPart(way.strategy, this.composed, (error, step) => this.splitting.fault(way, error, step));
      this.parts.set(way.key, part);
    }
    return part.offer(recipient);
  }

  private async decideAndSend(body: Body): Promise<void> {
    const peeked = await peekHeader(body, this.splitting.maxHeader ?? MAX_HEADER);
    const facts = { header: new HeaderFields(peeked.header), size: body.held?.size };
    for (const [recipient, undecided] of this.undecided) {
      this.expectOpen();
      const way = undecided.decide(facts);
      const answer = way instanceof Reply ? way : await this.offerTo(way, recipient);
      if (answer !== undefined && !answer.positive) this.refusedLate.set(recipient, answer);
    }
    await this.dropUnused();
    return this.send(peeked.body);
  }

  /** The way of a message that goes one way: it answers, and throws, for itself. Where it was offered recipients late their order is another. */
  private get only(): DeliveryTransaction | undefined {
    if (this.parts.size !== 1 || this.undecided.size > 0) return undefined;
    const [part] = this.parts.values();
    return part?.transaction;
  }

  private expectOpen(): void {
    if (this.aborted) throw new BodyAborted('the transaction was aborted');
  }

  private note(recipient: Recipient, answer: Reply | undefined): Reply | undefined {
    if (answer === undefined || answer.positive) this.taken.push(recipient);
    return answer;
  }

  /** Ends the ways on which every recipient was refused: there is nothing to send on them. */
  private dropUnused(): MaybePromise<unknown> {
    const dropped: PromiseLike<void>[] = [];
    for (const [key, part] of this.parts) {
      if (part.taken.length > 0) continue;
      this.parts.delete(key);
      const aborted = part.abort('no recipient');
      if (isPromise(aborted)) dropped.push(aborted);
    }
    return dropped.length === 0 ? undefined : Promise.all(dropped);
  }

  private send(body: Body): MaybePromise<void> {
    this.expectOpen();
    const { only } = this;
    return only === undefined ? this.sendAll(body) : only.body(body);
  }

  private async sendAll(body: Body): Promise<void> {
    const parts = [...this.parts.values()];
    // One more reader than ways, where the message is still coming: so it is read to its end even if all of them fail, and an error
    // of the message itself (the client has gone) is told from theirs.
    const branches = fanOut(body, parts.length + (body.held === undefined ? 1 : 0));
    const sent = parts.map((part, i) => {
      const branch = branches[i];
      return branch === undefined ? undefined : part.send(branch);
    });
    const own = branches[parts.length];
    if (own !== undefined) await drain(own);
    await Promise.all(sent);
  }

  private async commitAll(): Promise<readonly Outcome[]> {
    const replies = await Promise.all([...this.parts.values()].map((part) => part.commit()));
    return this.taken.map((recipient) => ({
      recipient,
      reply: this.refusedLate.get(recipient) ?? replies.find((of) => of.has(recipient))?.get(recipient) ?? PART_FAILED,
    }));
  }
}
