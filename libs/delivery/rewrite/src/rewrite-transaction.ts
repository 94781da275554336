/** One message whose recipients have other addresses behind than before. Two who become one are one behind, and share what becomes of it. */
import {
  isPromise,
  type Body,
  type DeliveryTransaction,
  type MaybePromise,
  type Outcome,
  type Recipient,
} from '@mailverb/contract';
import { PART_FAILED, finalReply } from '@mailverb/body';
import { addressKey } from '@mailverb/lookup';
import { Reply, type Mailbox } from '@mailverb/protocol';

/** A recipient as the delivery behind knows it. */
interface Behind {
  readonly recipient: Recipient;
  readonly answer: MaybePromise<Reply | undefined>;
}

/** See above. */
export class RewriteTransaction implements DeliveryTransaction {
  private readonly behind = new Map<string, Behind>();
  /** The recipients that were taken, and who they are behind. */
  private readonly taken: (readonly [Recipient, Recipient])[] = [];
  private aborted = false;

  constructor(
    private readonly inner: DeliveryTransaction,
    private readonly rewrite: (mailbox: Mailbox) => MaybePromise<Mailbox | Reply>,
    /** The recipients of the envelope behind. */
    private readonly recipients: Recipient[],
  ) {}

  recipient(recipient: Recipient): MaybePromise<Reply | undefined> {
    const mailbox = this.rewrite(recipient.mailbox);
    return isPromise(mailbox)
      ? mailbox.then((settled) => this.offer(recipient, settled))
      : this.offer(recipient, mailbox);
  }

  body(body: Body): MaybePromise<void> {
    return this.inner.body(body);
  }

  commit(): MaybePromise<readonly Outcome[]> {
    const outcomes = this.inner.commit();
    return isPromise(outcomes) ? outcomes.then((settled) => this.outcomes(settled)) : this.outcomes(outcomes);
  }

  abort(reason: string): MaybePromise<void> {
    this.aborted = true;
    return this.inner.abort(reason);
  }

  private offer(recipient: Recipient, mailbox: Mailbox | Reply): MaybePromise<Reply | undefined> {
    // The table may have answered late.
    if (this.aborted) return PART_FAILED;
    if (mailbox instanceof Reply) return mailbox;
    const key = addressKey(mailbox);
    let one = this.behind.get(key);
    if (one === undefined) {
      const same = mailbox === recipient.mailbox;
      const renamed = same ? recipient : { mailbox, parameters: recipient.parameters };
      one = { recipient: renamed, answer: this.ask(renamed) };
      this.behind.set(key, one);
    }
    const { recipient: renamed, answer } = one;
    const note = (settled: Reply | undefined) => {
      if (settled === undefined || settled.positive) this.taken.push([recipient, renamed]);
      return settled;
    };
    return isPromise(answer) ? answer.then(note) : note(answer);
  }

  private ask(recipient: Recipient): MaybePromise<Reply | undefined> {
    const answer = this.inner.recipient(recipient);
    const note = (settled: Reply | undefined) => {
      if (settled === undefined || settled.positive) this.recipients.push(recipient);
      return settled;
    };
    return isPromise(answer) ? answer.then(note) : note(answer);
  }

  private outcomes(given: readonly Outcome[]): readonly Outcome[] {
    const replies = new Map<unknown, Reply>();
    // What the delivery gives is not believed before it was looked at: it has committed, so this may not throw.
    const looked: readonly (Partial<Outcome> | null | undefined)[] = Array.isArray(given) ? given : [];
    for (const outcome of looked) {
      const answer = finalReply(outcome?.reply);
      if (answer !== undefined) replies.set(outcome?.recipient, answer);
    }
    return this.taken.map(([recipient, renamed]) => ({ recipient, reply: replies.get(renamed) ?? PART_FAILED }));
  }
}
