/** Takes a message through a delivery strategy as the server does: for specs of strategies. */
import type {
  Body,
  DeliveryContext,
  DeliveryStrategy,
  DeliveryTransaction,
  Envelope,
  Outcome,
  Recipient,
  Session,
} from '@mailverb/contract';
import type { Reply } from '@mailverb/protocol';
import { bodyOfHeld, heldBytes } from '@mailverb/body';
import { testContext, testEnvelope, testRecipient, testSession } from './fixtures.js';

/** What to deliver with, where it matters. */
export interface DeliverOptions {
  readonly session?: Session;
  /** Its recipients are added as the strategy takes them. */
  readonly envelope?: Partial<Envelope>;
  readonly context?: DeliveryContext;
}

/** A transaction that has been begun and offered its recipients. */
export interface OpenDelivery {
  readonly transaction: DeliveryTransaction;
  readonly envelope: Envelope;
  /** Recipients that were taken, in order. */
  readonly taken: readonly Recipient[];
  /** What the others were told, by address. */
  readonly refused: ReadonlyMap<string, Reply>;
}

/** A delivery that went to its end. */
export interface FinishedDelivery extends OpenDelivery {
  readonly outcomes: readonly Outcome[];
}

/** Begins a transaction and offers it recipients, one after another; the envelope grows with those that are taken. */
export async function openDelivery(
  strategy: DeliveryStrategy,
  to: readonly (string | Recipient)[],
  options: DeliverOptions = {},
): Promise<OpenDelivery> {
  const taken: Recipient[] = [];
  const refused = new Map<string, Reply>();
  const envelope = testEnvelope({ ...options.envelope, recipients: taken });
  const transaction = await strategy.begin(
    envelope,
    options.session ?? testSession({ envelope }),
    options.context ?? testContext(),
  );
  for (const one of to) {
    const recipient = typeof one === 'string' ? testRecipient(one) : one;
    const answer = await transaction.recipient(recipient);
    if (answer === undefined || answer.positive) taken.push(recipient);
    else refused.set(recipient.mailbox.address, answer);
  }
  return { transaction, envelope, taken, refused };
}

/**
 * Delivers a message: begin, recipients, body, commit; whatever throws is followed by an abort, and thrown on. Without a recipient that was
 * taken there is no body, as in SMTP.
 * @param body a body, or bytes, which are then held if the strategy wants the whole message.
 */
export async function deliver(
  strategy: DeliveryStrategy,
  to: readonly (string | Recipient)[],
  body: Body | Uint8Array,
  options: DeliverOptions = {},
): Promise<FinishedDelivery> {
  const open = await openDelivery(strategy, to, options);
  const { transaction } = open;
  try {
    if (open.taken.length === 0) {
      await transaction.abort('no recipient was taken');
      return { ...open, outcomes: [] };
    }
    await transaction.body(body instanceof Uint8Array ? bodyOfHeld(heldBytes(body)) : body);
    return { ...open, outcomes: await transaction.commit() };
  } catch (error) {
    await transaction.abort('a step failed');
    throw error;
  }
}
