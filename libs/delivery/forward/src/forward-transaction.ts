/**
 * One message that is forwarded.
 *
 * Who is not forwarded goes one way together. Each forwarded recipient is a way of its own: it has a Delivered-To field that is nobody else's
 * business, and it can be taken back while the client is still asked for others. An address that several come to gets the message once.
 */
import {
  BodyAborted,
  delivered,
  isPromise,
  type Body,
  type DeliveryTransaction,
  type MaybePromise,
  type Outcome,
  type Recipient,
} from '@mailverb/contract';
import { HeaderFields, PART_FAILED, drain, fanOut, peekHeader, prefixed, type DeliveryPart } from '@mailverb/body';
import { addressKey } from '@mailverb/lookup';
import { Reply, parseMailbox, reply, type Mailbox } from '@mailverb/protocol';
import type { Expansion } from './expansion.js';

const LOOP = reply(554, '5.4.6', 'the message was here before: it is forwarded in a loop');

/** What the transaction has of its strategy. */
export interface Forwarding {
  readonly require: 'all' | 'any';
  readonly deliveredTo: boolean;
  readonly maxHeader: number;
  expand(mailbox: Mailbox): MaybePromise<Expansion>;
  /** The address as it stands in Delivered-To: with a domain. */
  named(mailbox: Mailbox): Mailbox;
  /** A new way. */
  part(): DeliveryPart;
  /** A line in the log. */
  note(message: string, fields: Readonly<Record<string, unknown>>): void;
}

/** An address that gets the message, and on which way. */
interface Share {
  /** Another one, where the first turns out to be in a loop. */
  part: DeliveryPart;
  readonly recipient: Recipient;
  /** That other one would not have it. */
  refused?: Reply;
}

/** The way of one forwarded recipient. */
interface Forward {
  readonly recipient: Recipient;
  readonly part: DeliveryPart;
  /** The message has been there. */
  looped: boolean;
}

/** See above. */
export class ForwardTransaction implements DeliveryTransaction {
  /** The way of those who are not forwarded. */
  private plain: DeliveryPart | undefined;
  private readonly forwards: Forward[] = [];
  private readonly forwarded = new Set<Recipient>();
  /** Who gets the message, by address. */
  private readonly shares = new Map<string, Share>();
  /** What became of a recipient depends on these. */
  private readonly needs = new Map<Recipient, readonly Share[]>();
  private readonly taken: Recipient[] = [];
  /** The recipient that is being asked for: the next waits, since it may come to the same address. */
  private asking: PromiseLike<unknown> | undefined;
  private aborted = false;

  constructor(private readonly forwarding: Forwarding) {}

  recipient(recipient: Recipient): MaybePromise<Reply | undefined> {
    const take = () => this.take(recipient);
    const answer = this.asking === undefined ? take() : this.asking.then(take, take);
    if (!isPromise(answer)) return answer;
    this.asking = answer;
    const free = () => {
      if (this.asking === answer) this.asking = undefined;
    };
    answer.then(free, free);
    return answer;
  }

  body(body: Body): MaybePromise<void> {
    this.expectOpen();
    if (this.forwards.length === 0 && this.plain?.transaction !== undefined) return this.plain.transaction.body(body);
    return this.send(body);
  }

  commit(): MaybePromise<readonly Outcome[]> {
    this.expectOpen();
    const { plain } = this;
    if (this.forwards.length > 0 || plain?.transaction === undefined) return this.commitAll();
    return plain.taken.length === this.taken.length ? plain.transaction.commit() : this.commitAll();
  }

  async abort(reason: string): Promise<void> {
    this.aborted = true;
    await Promise.all(this.parts().map((part) => part.abort(reason)));
  }

  private parts(): DeliveryPart[] {
    const parts = this.forwards.map(({ part }) => part);
    return this.plain === undefined ? parts : [this.plain, ...parts];
  }

  private expectOpen(): void {
    if (this.aborted) throw new BodyAborted('the transaction was aborted');
  }

  private take(recipient: Recipient): MaybePromise<Reply | undefined> {
    if (this.aborted) return PART_FAILED;
    const expansion = this.forwarding.expand(recipient.mailbox);
    const next = (settled: Expansion) => {
      if (this.aborted) return PART_FAILED;
      if (settled instanceof Reply) return settled;
      return settled === undefined ? this.pass(recipient) : this.forward(recipient, settled);
    };
    return isPromise(expansion) ? expansion.then(next) : next(expansion);
  }

  /** Who is not forwarded is taken in the words of the delivery. */
  private pass(recipient: Recipient): MaybePromise<Reply | undefined> {
    const key = addressKey(recipient.mailbox);
    const before = this.shares.get(key);
    if (before !== undefined) return this.took(recipient, [before]);
    const part = (this.plain ??= this.forwarding.part());
    const settle = (answer: Reply | undefined) => {
      if (answer !== undefined && !answer.positive) return answer;
      const share = { part, recipient };
      this.shares.set(key, share);
      this.took(recipient, [share]);
      return answer;
    };
    const answer = part.offer(recipient);
    return isPromise(answer) ? answer.then(settle) : settle(answer);
  }

  private async forward(recipient: Recipient, targets: readonly Mailbox[]): Promise<Reply | undefined> {
    const part = this.forwarding.part();
    const forward = { recipient, part, looped: false };
    // Known from here on, so that an abort ends it.
    this.forwards.push(forward);
    const needs: Share[] = [];
    const answers: Reply[] = [];
    const mine = new Map<string, Share>();
    for (const mailbox of targets) {
      const key = addressKey(mailbox);
      const before = this.shares.get(key);
      if (before !== undefined) {
        needs.push(before);
        continue;
      }
      const target = { mailbox, parameters: recipient.parameters };
      const answer = await part.offer(target);
      if (answer === undefined || answer.positive) {
        mine.set(key, { part, recipient: target });
        continue;
      }
      answers.push(answer);
      this.forwarding.note('forward: a target was refused', {
        recipient: recipient.mailbox.address,
        target: mailbox.address,
        reply: String(answer),
      });
    }
    needs.push(...mine.values());
    const refusal = this.refusalAmong(answers, needs.length);
    if (refusal !== undefined || mine.size === 0) {
      // Nothing was promised yet: those who were taken for this recipient get nothing.
      this.forwards.splice(this.forwards.indexOf(forward), 1);
      await part.abort('no recipient');
      if (refusal !== undefined) return refusal;
    }
    if (this.aborted) return PART_FAILED;
    for (const [key, share] of mine) this.shares.set(key, share);
    this.forwarded.add(recipient);
    return this.took(recipient, needs);
  }

  private took(recipient: Recipient, needs: readonly Share[]): undefined {
    this.needs.set(recipient, needs);
    this.taken.push(recipient);
  }

  /** One answer for all targets; undefined if there is nothing against it. The words are ours: theirs may tell where the address leads. */
  private refusalAmong(refusals: readonly Reply[], taken: number): Reply | undefined {
    const transient = refusals.find((answer) => answer.transient);
    if (transient !== undefined) {
      return reply(transient.code, transient.enhanced, 'the message can not be forwarded now, try again later');
    }
    const [permanent] = refusals;
    if (permanent === undefined || (this.forwarding.require === 'any' && taken > 0)) return undefined;
    return reply(permanent.code, permanent.enhanced, 'the message can not be forwarded');
  }

  private async send(body: Body): Promise<void> {
    const message = this.forwarding.deliveredTo ? await this.findLoops(body) : body;
    await this.spareFromLoops();
    this.expectOpen();
    const ways: { part: DeliveryPart; prefix: Uint8Array }[] = [];
    if (this.plain !== undefined) {
      if (this.plain.taken.length > 0) ways.push({ part: this.plain, prefix: NOTHING });
      else await this.plain.abort('no recipient');
    }
    for (const { part, recipient, looped } of this.forwards) {
      if (looped || part.taken.length === 0) await part.abort('no recipient');
      else ways.push({ part, prefix: this.fieldFor(recipient) });
    }
    const [first] = ways;
    if (ways.length === 1 && first?.part.transaction !== undefined) {
      // The only way answers, and throws, for itself.
      return first.part.transaction.body(prefixed(first.prefix, message));
    }
    // One more reader than ways, where the message is still coming: so it is read to its end even if all of them fail.
    const branches = fanOut(message, ways.length + (message.held === undefined ? 1 : 0));
    const sent = ways.map(({ part, prefix }, i) => {
      const branch = branches[i];
      return branch === undefined ? undefined : part.send(prefixed(prefix, branch));
    });
    const own = branches[ways.length];
    if (own !== undefined) await drain(own);
    await Promise.all(sent);
  }

  /** Looks for those who have had the message before. Gives the body to read on with. */
  private async findLoops(body: Body): Promise<Body> {
    const peeked = await peekHeader(body, this.forwarding.maxHeader);
    const been = new Set<string>();
    for (const value of new HeaderFields(peeked.header).all('delivered-to')) {
      const mailbox = parseMailbox(value.startsWith('<') && value.endsWith('>') ? value.slice(1, -1) : value);
      if (mailbox !== undefined) been.add(addressKey(mailbox));
    }
    for (const forward of this.forwards) {
      forward.looped = been.has(addressKey(this.forwarding.named(forward.recipient.mailbox)));
    }
    return peeked.body;
  }

  /** Who was to get the message by the way of somebody who has had it before, and on the word of somebody else too, goes that one's way. */
  private async spareFromLoops(): Promise<void> {
    const loops = new Map(this.forwards.filter(({ looped }) => looped).map((forward) => [forward.part, forward]));
    if (loops.size === 0) return;
    const looped = new Set([...loops.values()].map(({ recipient }) => recipient));
    for (const share of this.shares.values()) {
      if (!loops.has(share.part)) continue;
      const other = this.taken.find((one) => !looped.has(one) && this.needs.get(one)?.includes(share) === true);
      if (other === undefined) continue;
      this.expectOpen();
      share.part = this.forwarding.part();
      // Where somebody was not forwarded there is no field of his, and he has no loop.
      this.forwards.push({ recipient: other, part: share.part, looped: false });
      const answer = await share.part.offer(share.recipient);
      if (answer !== undefined && !answer.positive) share.refused = answer;
    }
  }

  private fieldFor(recipient: Recipient): Uint8Array {
    if (!this.forwarding.deliveredTo || !this.forwarded.has(recipient)) return NOTHING;
    // The canonical form is safe in a header; with a character outside ASCII it can be here only by SMTPUTF8.
    return Buffer.from(`Delivered-To: ${this.forwarding.named(recipient.mailbox).address}\r\n`, 'utf8');
  }

  private async commitAll(): Promise<readonly Outcome[]> {
    const replies = new Map<DeliveryPart, ReadonlyMap<Recipient, Reply>>();
    const looped = this.forwards.filter((forward) => forward.looped);
    await Promise.all(
      this.parts().map(async (part) => {
        if (!looped.some((forward) => forward.part === part)) replies.set(part, await part.commit());
      }),
    );
    return this.taken.map((recipient) => {
      if (looped.some((forward) => forward.recipient === recipient)) return { recipient, reply: LOOP };
      const answers = (this.needs.get(recipient) ?? []).map(
        ({ part, recipient: target, refused }) => refused ?? replies.get(part)?.get(target) ?? PART_FAILED,
      );
      return { recipient, reply: this.answerOf(recipient, answers) };
    });
  }

  /** One outcome of all that a recipient came to. */
  private answerOf(recipient: Recipient, answers: readonly Reply[]): Reply {
    const [first] = answers;
    if (first === undefined) return PART_FAILED;
    if (!this.forwarded.has(recipient)) return first;
    const refusals = answers.filter((answer) => !answer.positive);
    for (const answer of refusals) {
      this.forwarding.note('forward: a target did not get the message', {
        recipient: recipient.mailbox.address,
        reply: String(answer),
      });
    }
    return this.refusalAmong(refusals, answers.length - refusals.length) ?? delivered('forwarded');
  }
}

const NOTHING = new Uint8Array(0);
