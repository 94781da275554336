/** A delivery that keeps messages in memory and does what the test says: the part that specs of composers are made of. */
import {
  delivered,
  type Body,
  type DeliveryContext,
  type DeliveryStrategy,
  type DeliveryTransaction,
  type Durability,
  type Envelope,
  type MaybePromise,
  type Outcome,
  type Recipient,
  type Session,
} from '@mailverb/contract';
import { collect } from '@mailverb/body';
import type { Reply } from '@mailverb/protocol';

/** What a test may change. What is absent goes well. Each may throw or reject. */
export interface DeliveryScript {
  readonly durability?: Durability;
  readonly wholeMessage?: boolean;
  begin?(envelope: Envelope, session: Session, context: DeliveryContext): MaybePromise<void>;
  recipient?(address: string): MaybePromise<Reply | undefined>;
  /** Instead of reading the body to its end. */
  body?(body: Body): MaybePromise<void>;
  /** The reply for one recipient; default 250. */
  commit?(address: string): MaybePromise<Reply>;
}

/** A message that was committed for somebody. */
export interface ScriptedMessage {
  /** Whose outcome was positive, in order. */
  readonly to: readonly string[];
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** Keeps what was committed, and every call. */
export class ScriptedDelivery implements DeliveryStrategy {
  readonly durability: Durability;
  readonly wholeMessage: boolean;
  /** Messages for which at least one outcome was positive. */
  readonly messages: ScriptedMessage[] = [];
  /** `begin`, `recipient a@example.org`, `body`, `commit`, `abort`, in order. */
  readonly calls: string[] = [];
  /** Envelopes as they were given to `begin`; each grows while its transaction lives. */
  readonly envelopes: Envelope[] = [];
  /** Transactions that have begun and were neither committed nor aborted. */
  open = 0;

  constructor(readonly script: DeliveryScript = {}) {
    this.durability = script.durability ?? 'memory';
    this.wholeMessage = script.wholeMessage ?? false;
  }

  begin(envelope: Envelope, session: Session, context: DeliveryContext): MaybePromise<DeliveryTransaction> {
    this.calls.push('begin');
    this.envelopes.push(envelope);
    const wait = this.script.begin?.(envelope, session, context);
    const make = () => {
      this.open += 1;
      return new ScriptedTransaction(this);
    };
    return wait === undefined ? make() : wait.then(make);
  }
}

class ScriptedTransaction implements DeliveryTransaction {
  private readonly taken: Recipient[] = [];
  private bytes: Uint8Array | undefined;
  private over = false;

  constructor(private readonly delivery: ScriptedDelivery) {}

  async recipient(recipient: Recipient): Promise<Reply | undefined> {
    const { address } = recipient.mailbox;
    this.delivery.calls.push(`recipient ${address}`);
    const answer = await this.delivery.script.recipient?.(address);
    if (answer === undefined || answer.positive) this.taken.push(recipient);
    return answer;
  }

  async body(body: Body): Promise<void> {
    this.delivery.calls.push('body');
    if (this.delivery.script.body !== undefined) return this.delivery.script.body(body);
    this.bytes = await collect(body);
  }

  async commit(): Promise<readonly Outcome[]> {
    const { delivery, bytes } = this;
    delivery.calls.push('commit');
    const outcomes: Outcome[] = [];
    for (const recipient of this.taken) {
      const answer = await delivery.script.commit?.(recipient.mailbox.address);
      outcomes.push({ recipient, reply: answer ?? delivered('kept for the test') });
    }
    if (this.over) throw new Error('aborted while it committed');
    this.end();
    const to = outcomes.filter((o) => o.reply.positive).map((o) => o.recipient.mailbox.address);
    if (to.length > 0 && bytes !== undefined) {
      delivery.messages.push({ to, bytes, text: Buffer.from(bytes).toString('latin1') });
    }
    return outcomes;
  }

  abort(): void {
    if (this.over) return;
    this.delivery.calls.push('abort');
    this.end();
  }

  private end(): void {
    this.over = true;
    this.delivery.open -= 1;
  }
}
