/**
 * A delivery's transaction that is one with a next hop: each recipient's verdict is the next hop's, the message streams through, and the reply at the end is
 * the next hop's. Nothing is asked of it before the first recipient.
 *
 * Hops are tried in their order until one has taken MAIL; from then on it is that one. What is lost later is lost: its recipients are deferred.
 */
import {
  BodyAborted,
  SmtpError,
  isPromise,
  type Body,
  type DeliveryTransaction,
  type Envelope,
  type Logger,
  type MaybePromise,
  type Outcome,
  type Recipient,
  type Session,
} from '@mailverb/contract';
import { ClientError, ClientTransaction, MessageRefused, type ClientConnection } from '@mailverb/client';
import { reply, type Reply } from '@mailverb/protocol';
import type { NextHop } from './hop.js';
import { IN_DOUBT, inOurWords, passedOn, replyTo } from './replies.js';

const NO_HOP = reply(451, '4.4.4', 'no next hop, try again later');

/** What a transaction is about. */
export interface HopMail {
  readonly envelope: Envelope;
  readonly session: Session;
  readonly logger: Logger;
  /** `ours` keeps the codes of the next hop's replies and tells nothing of its words. Default `theirs`. */
  readonly words?: 'theirs' | 'ours';
}

/** One message on its way to a next hop. */
export class HopTransaction implements DeliveryTransaction {
  private readonly taken: Recipient[] = [];
  private going:
    | { readonly hop: NextHop; readonly connection: ClientConnection; readonly transaction: ClientTransaction }
    | undefined = undefined;
  private aborted: string | undefined = undefined;
  /** While the first recipient is asked for: settles when it has been, and never rejects. */
  private beginning: Promise<void> | undefined = undefined;
  /** Set while a connection is waited for. */
  private giveUp: (() => void) | undefined = undefined;
  /** Set when nobody is asked any more: no hop would have the message. */
  private failure: Reply | undefined = undefined;

  /** @param hops in the order in which they are tried; asked for once, at the first recipient. */
  constructor(
    private readonly hops: () => readonly NextHop[],
    private readonly mail: HopMail,
  ) {}

  async recipient(recipient: Recipient): Promise<Reply> {
    // Or each would be the first, with a connection of its own.
    while (this.beginning !== undefined) await this.beginning;
    this.expectOpen();
    if (this.failure !== undefined) return this.failure;
    try {
      const answer = await (this.going?.transaction.recipient(recipient) ?? this.begin(recipient));
      if (answer.positive) this.taken.push(recipient);
      return this.say(answer);
    } catch (error) {
      this.expectOpen();
      this.failure = this.blame(error, 'recipient');
      return this.failure;
    }
  }

  async body(body: Body): Promise<void> {
    const { transaction } = this.expectGoing();
    try {
      await transaction.data(body);
    } catch (error) {
      // What is wrong with the message itself (it broke off, a transform refuses it) is not the next hop's fault, and has its own reply.
      if (!(error instanceof ClientError) && !(error instanceof MessageRefused)) throw error;
      this.expectOpen();
      throw new SmtpError(this.blame(error, 'body'), 'the next hop did not take the message', {}, { cause: error });
    }
  }

  async commit(): Promise<readonly Outcome[]> {
    const { transaction } = this.expectGoing();
    let answers: readonly (Reply | ClientError)[];
    try {
      answers = await transaction.end();
    } catch (error) {
      throw new SmtpError(this.blame(error, 'commit'), 'the next hop did not take the message', {}, { cause: error });
    }
    this.leave();
    return this.taken.map((recipient, i) => {
      const answer = answers[i] ?? answers[0];
      return {
        recipient,
        reply: answer === undefined || answer instanceof ClientError ? this.doubt(answer) : this.say(answer),
      };
    });
  }

  async abort(reason: string): Promise<void> {
    this.aborted ??= reason;
    this.giveUp?.();
    this.giveUp = undefined;
    const { going } = this;
    if (going === undefined) return;
    await going.transaction.abort();
    this.leave();
  }

  private begin(recipient: Recipient): Promise<Reply> {
    const first = this.first(recipient);
    const over = () => void (this.beginning = undefined);
    this.beginning = first.then(over, over);
    return first;
  }

  private async first(recipient: Recipient): Promise<Reply> {
    let failure: unknown;
    let refusal: Reply | undefined;
    let hopes = this.hops();
    for (let hop = hopes[0]; hop !== undefined; hopes = hopes.slice(1), hop = hopes[0]) {
      for (const fresh of [false, true]) {
        const tried = await this.tryHop(hop, recipient, fresh);
        this.expectOpen();
        if ('answer' in tried) {
          if (this.going !== undefined || tried.unasked) return tried.answer;
          // MAIL was refused, for all recipients. A server that has no time now is not the only one there is.
          refusal = tried.answer;
          if (tried.answer.permanent) hopes = [];
          break;
        }
        failure = tried.error;
        if (!tried.again) break;
      }
    }
    if (refusal !== undefined) return (this.failure = this.say(refusal));
    if (failure === undefined) return NO_HOP;
    throw failure;
  }

  /** @returns the answer, `unasked` if it is ours and about this recipient only; or the error, `again` if a new connection to the same hop is worth a try. `going` is set if it goes on with this hop. */
  private async tryHop(
    hop: NextHop,
    recipient: Recipient,
    fresh: boolean,
  ): Promise<
    { readonly answer: Reply; readonly unasked: boolean } | { readonly error: unknown; readonly again: boolean }
  > {
    const { envelope, logger } = this.mail;
    let connection: ClientConnection;
    try {
      connection = await this.lease(hop, fresh);
    } catch (error) {
      if (this.aborted === undefined) {
        logger.warn({ why: causeOf(error), hop: hop.name, transaction: envelope.id }, 'next hop: no connection');
      }
      return { error, again: false };
    }
    const used = connection.messages > 0;
    const transaction = new ClientTransaction(connection, envelope, hop.settings);
    this.going = { hop, connection, transaction };
    if (this.aborted !== undefined) {
      await this.abort(this.aborted);
      return { error: new BodyAborted('the transaction was aborted'), again: false };
    }
    try {
      const answer = await transaction.recipient(recipient);
      // MAIL was refused, or nothing was said there at all (an address that can't be said): nothing is open there.
      if (!transaction.begun) this.leave();
      return { answer, unasked: transaction.untouched };
    } catch (error) {
      this.leave();
      const again = used && !fresh && transaction.untouched && error instanceof ClientError && error.fault === 'closed';
      if (!again)
        logger.warn(
          { why: causeOf(error), hop: hop.name, transaction: envelope.id },
          'next hop: lost at the beginning of a message',
        );
      return { error, again };
    }
  }

  /** A connection, unless the transaction is given up before there is one: then it is somebody else's. */
  private lease(hop: NextHop, fresh: boolean): MaybePromise<ClientConnection> {
    const { session } = this.mail;
    const lease = hop.lease(session, fresh);
    if (!isPromise(lease)) return lease;
    return new Promise((resolve, reject) => {
      this.giveUp = () => {
        reject(new BodyAborted('the transaction was aborted'));
        hop.giveUp(session);
        lease.then(
          (connection) => hop.release(connection, session),
          () => undefined,
        );
      };
      lease.then((connection) => {
        this.giveUp = undefined;
        if (this.aborted === undefined) resolve(connection);
      }, reject);
    });
  }

  /** The connection goes back to where it came from. */
  private leave(): void {
    const { going } = this;
    this.going = undefined;
    if (going !== undefined) going.hop.release(going.connection, this.mail.session);
  }

  private say(answer: Reply): Reply {
    return this.mail.words === 'ours' ? inOurWords(passedOn(answer)) : passedOn(answer);
  }

  private blame(error: unknown, step: string): Reply {
    const answer = error instanceof MessageRefused ? this.say(error.reply) : replyTo(error);
    const { logger, envelope } = this.mail;
    logger.warn(
      { why: causeOf(error), step, hop: this.going?.hop.name, transaction: envelope.id },
      'next hop: a message was not taken',
    );
    return answer;
  }

  private doubt(error: ClientError | undefined): Reply {
    const { logger, envelope } = this.mail;
    logger.warn(
      { why: causeOf(error), transaction: envelope.id },
      'next hop: lost after the end of a message: it may have it, and the sender will send it again',
    );
    return IN_DOUBT;
  }

  private expectOpen(): void {
    if (this.aborted !== undefined) throw new BodyAborted('the transaction was aborted');
  }

  private expectGoing(): NonNullable<HopTransaction['going']> {
    this.expectOpen();
    if (this.going === undefined) throw new Error('a message without a recipient');
    return this.going;
  }
}

/** For the log: what is wrong with the network or the other side is told in words, and needs no stack. */
function causeOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
