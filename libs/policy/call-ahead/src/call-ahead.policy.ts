/**
 * call-ahead: asks the server that knows the recipients, with MAIL and RCPT and no message, before a recipient is taken: whatever takes the message then
 * can be sure that somebody wants it. Answers are kept in the store. A server that can't be asked defers (attack A26).
 */
import {
  Clock,
  Logger,
  Options,
  Store,
  accept,
  defer,
  pass,
  reject,
  type Lifecycle,
  type Policy,
  type RcptInput,
  type Verdict,
} from '@mailverb/contract';
import { ClientError, ClientTransaction } from '@mailverb/client';
import { NextHops, passedOn, replyTo, type NextHop } from '@mailverb/next-hop';
import { Reply, reply } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';
import type { CallAheadOptions } from './call-ahead.options.js';

const YES = Uint8Array.of(1);
const NO_SUCH_USER = reply(550, '5.1.1', 'no such user');

/** The policy call-ahead. */
@injectable()
export class CallAheadPolicy implements Policy, Lifecycle {
  private readonly hops: NextHops;
  private readonly yes: Verdict;
  /** Questions that are being asked: who asks the same waits for the same answer. */
  private readonly asking = new Map<string, Promise<Verdict>>();

  constructor(
    @inject(Options) private readonly options: CallAheadOptions,
    @inject(Store) private readonly store: Store,
    @inject(Clock) clock: Clock,
    @inject(Logger) private readonly logger: Logger,
  ) {
    this.hops = new NextHops(options, { protocol: options.protocol }, clock);
    this.yes = options.accept ? accept() : pass();
  }

  start(): Promise<void> {
    return this.hops.start();
  }

  stop(): Promise<void> {
    return this.hops.stop();
  }

  async rcpt(input: RcptInput): Promise<Verdict> {
    const { mailbox, envelope } = input;
    if (!this.options.domains.has(mailbox.domain)) return pass();
    const sender = this.options.sender === 'null' ? null : envelope.reversePath;
    const key = `call-ahead ${this.options.host} ${this.options.port} ${sender?.address ?? ''} ${mailbox.address}`;
    const kept = await this.store.get(key);
    if (kept !== undefined) return kept[0] === YES[0] ? this.yes : reject(refusalIn(kept), 'kept from before');
    const asked = this.asking.get(key);
    if (asked !== undefined) return asked;
    const answer = this.ask(input, sender, key).finally(() => this.asking.delete(key));
    this.asking.set(key, answer);
    return answer;
  }

  private async ask(
    { mailbox, session, envelope }: RcptInput,
    sender: RcptInput['envelope']['reversePath'],
    key: string,
  ): Promise<Verdict> {
    const { host, port, positive, negative } = this.options;
    const hop = this.hops.at({ host, port }, session.listener.hostname);
    const utf8 = envelope.parameters.SMTPUTF8;
    const asking = { reversePath: sender, parameters: utf8 === true ? { SMTPUTF8: utf8 } : {} };
    let answer: Reply;
    try {
      answer = await question(hop, asking, { mailbox, parameters: {} }, session);
    } catch (error) {
      const why = error instanceof Error ? error.message : 'failed';
      this.logger.warn({ hop: hop.name, why, transaction: envelope.id }, 'call-ahead: the server could not be asked');
      return defer(replyTo(error), why);
    }
    const theirs = passedOn(answer);
    if (theirs.transient) return defer(theirs, 'the server that knows recipients says so');
    if (theirs.positive) {
      await this.store.set(key, YES, positive);
      return this.yes;
    }
    await this.store.set(
      key,
      Buffer.from(`\0${theirs.code} ${theirs.enhanced ?? ''} ${theirs.text}`.slice(0, 500), 'latin1'),
      negative,
    );
    return reject(theirs, 'the server that knows recipients says so');
  }
}

/** Asks for one recipient, and leaves nothing behind there. A connection that has gone since it was used last is no answer: once more, on a new one. */
async function question(
  hop: NextHop,
  envelope: ConstructorParameters<typeof ClientTransaction>[1],
  recipient: Parameters<ClientTransaction['recipient']>[0],
  session: RcptInput['session'],
  fresh = false,
): Promise<Reply> {
  const connection = await hop.lease(session, fresh);
  const used = connection.messages > 0;
  const transaction = new ClientTransaction(connection, envelope, hop.settings);
  // The answer need not wait for that.
  const leave = () => void transaction.abort().then(() => hop.release(connection, session));
  try {
    const answer = await transaction.recipient(recipient);
    // Whoever is not even listened to has not learned anything about the recipient.
    if (!transaction.begun)
      throw new ClientError('refused', 'mail', `${hop.name}: said ${String(answer)} to MAIL`, answer);
    leave();
    return answer;
  } catch (error) {
    leave();
    const gone = error instanceof ClientError && error.fault === 'closed' && transaction.untouched;
    if (!gone || !used || fresh) throw error;
  }
  return question(hop, envelope, recipient, session, true);
}

function refusalIn(kept: Uint8Array): Reply {
  const [, code = '', enhanced = '', text = ''] =
    /^\0(5\d\d) (5\.\d{1,3}\.\d{1,3})? ?(.*)$/.exec(Buffer.from(kept).toString('latin1')) ?? [];
  return code === '' ? NO_SUCH_USER : new Reply(Number(code), enhanced === '' ? undefined : enhanced, [text]);
}
