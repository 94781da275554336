/** The delivery of test servers: keeps every committed message, and lets a test wait for the next one. */
import {
  definePlugin,
  delivered,
  outcomes,
  use,
  type DeliveryStrategy,
  type DeliveryTransaction,
  type Envelope,
  type PluginUse,
  type Session,
} from '@mailverb/contract';
import { collect } from '@mailverb/body';

/** A message that was committed. */
export interface DeliveredMessage {
  /** The transaction's id. */
  readonly id: string;
  /** The sender's address; empty for the null reverse-path. */
  readonly from: string;
  /** The recipients' addresses, in order. */
  readonly to: readonly string[];
  /** The envelope itself, with the parameters. */
  readonly envelope: Envelope;
  /** The message as it would have been delivered: after all transforms. */
  readonly bytes: Buffer;
  /** The same, read as UTF-8. */
  readonly text: string;
  /** Where it came from, as it was when the message was committed. */
  readonly session: { readonly id: string; readonly heloName: string | undefined; readonly remoteAddress: string };
}

/** Committed messages, in order. */
export class Mailroom {
  /** All of them. */
  readonly messages: DeliveredMessage[] = [];
  private taken = 0;
  private readonly waiting: { resolve(message: DeliveredMessage): void; reject(error: Error): void }[] = [];
  private closedBecause: Error | undefined;

  /** The next message that no earlier call has taken. */
  next(): Promise<DeliveredMessage> {
    const message = this.messages[this.taken];
    if (message !== undefined) {
      this.taken++;
      return Promise.resolve(message);
    }
    if (this.closedBecause !== undefined) return Promise.reject(this.closedBecause);
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
    });
  }

  add(message: DeliveredMessage): void {
    this.messages.push(message);
    const first = this.waiting.shift();
    if (first === undefined) return;
    this.taken++;
    first.resolve(message);
  }

  /** No more will come: whoever waits is told. */
  close(because: Error): void {
    this.closedBecause ??= because;
    for (const { reject } of this.waiting.splice(0)) reject(because);
  }
}

/** A delivery that puts what is committed into `room`. */
export function remembering(room: Mailroom): PluginUse {
  const strategy: DeliveryStrategy = {
    durability: 'memory',
    begin: (envelope, session) => new Remembering(envelope, session, room),
  };
  return use(
    definePlugin({
      name: 'delivery-remembering',
      register(contribute) {
        contribute.delivery('remembering', strategy);
      },
    }),
  );
}

class Remembering implements DeliveryTransaction {
  private bytes: Buffer | undefined;

  constructor(
    private readonly envelope: Envelope,
    private readonly session: Session,
    private readonly room: Mailroom,
  ) {}

  recipient(): undefined {
    return undefined;
  }

  async body(body: Parameters<DeliveryTransaction['body']>[0]): Promise<void> {
    this.bytes = Buffer.from(await collect(body));
  }

  commit() {
    const { envelope, session } = this;
    const bytes = this.bytes ?? Buffer.alloc(0);
    this.room.add({
      id: envelope.id,
      from: envelope.reversePath?.address ?? '',
      to: envelope.recipients.map((recipient) => recipient.mailbox.address),
      // A copy: the loop may use its own envelope again.
      envelope: { ...envelope, id: envelope.id, recipients: [...envelope.recipients] },
      bytes,
      text: bytes.toString('utf8'),
      session: { id: session.id, heloName: session.heloName, remoteAddress: session.remoteAddress },
    });
    return outcomes(envelope.recipients, delivered('remembered'));
  }

  abort(): void {
    this.bytes = undefined;
  }
}
