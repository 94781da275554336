/** One message on its way to the endpoint: nothing is posted before `commit`. */
import {
  BodyAborted,
  outcomes,
  type Body,
  type Clock,
  type DeliveryTransaction,
  type Envelope,
  type HeldMessage,
  type Logger,
  type Outcome,
  type Recipient,
  type Session,
} from '@mailverb/contract';
import { reply, type Reply } from '@mailverb/protocol';
import { BROKEN, UNREACHABLE, type Answers } from './answer.js';
import { NoAnswer, type Endpoint, type EndpointAnswer } from './endpoint.js';
import type { Payload, Posting } from './forms/payload.js';
import { headerText } from './forms/raw.js';
import type { RequestMaker } from './request.js';

/** What all transactions of one strategy share. */
export interface Webhook {
  readonly clock: Clock;
  readonly logger: Logger;
  /** As it may be told. */
  readonly url: string;
  readonly timeout: number;
  readonly rejectUnparsable: boolean;
  /** True if the recipients stand in a header or behind the URL, where there is little room. */
  readonly envelopeInHead: boolean;
  readonly form: (posting: Posting) => Promise<Payload>;
  readonly request: RequestMaker;
  readonly answers: Answers;
  /** Undefined before `start` and after `stop`. */
  readonly endpoint: () => Endpoint | undefined;
}

/** Servers take 8 KiB of URL, or 16 KiB of headers. Who is one too many is offered again by the client, in a transaction of its own. */
const MAX_HEAD = 6 * 1024;
const TOO_MANY = reply(452, '4.5.3', 'too many recipients for one message, send it again for the others');
const UNPARSABLE = reply(554, '5.6.0', 'the message has a structure that is not taken here');

/** See the contract: in this order, and `abort` at any time. */
export class WebhookTransaction implements DeliveryTransaction {
  readonly #recipients: Recipient[] = [];
  readonly #abort = new AbortController();
  #head = 0;
  #message: HeldMessage | undefined;
  #working: Promise<unknown> | undefined;

  constructor(
    private readonly webhook: Webhook,
    private readonly envelope: Envelope,
    private readonly session: Session,
    private readonly outer: AbortSignal,
  ) {}

  recipient(recipient: Recipient): Reply | undefined {
    this.#abort.signal.throwIfAborted();
    if (this.webhook.envelopeInHead) {
      // In a query each has its name in front.
      const octets = headerText(recipient.mailbox.address).length + 'recipient=&'.length;
      if (this.#head + octets > MAX_HEAD) return TOO_MANY;
      this.#head += octets;
    }
    this.#recipients.push(recipient);
    return undefined;
  }

  body({ held }: Body): void {
    this.#abort.signal.throwIfAborted();
    if (held === undefined) throw new Error('the message is not held');
    this.#message = held;
  }

  async commit(): Promise<readonly Outcome[]> {
    this.#abort.signal.throwIfAborted();
    const message = this.#message;
    if (message === undefined) throw new Error('there is no message, or not any more');
    this.#message = undefined;
    const working = this.#within((signal) => this.#deliver(message, signal));
    this.#working = working;
    return working;
  }

  async abort(reason: string): Promise<void> {
    this.#abort.abort(new BodyAborted(reason));
    // Whoever waits for this wants to know that nothing is under way any more.
    await this.#working?.then(undefined, () => undefined);
  }

  /** With an end: when time is over, the transaction is aborted, or the server gives up. Leaves no timer and no listener. */
  async #within(work: (signal: AbortSignal) => Promise<readonly Outcome[]>): Promise<readonly Outcome[]> {
    const { clock, timeout } = this.webhook;
    const { outer } = this;
    const giveUp = (): void => this.#abort.abort(outer.reason);
    outer.addEventListener('abort', giveUp);
    const alarm = clock.after(timeout, () => this.#abort.abort(new NoAnswer('unreachable', 'timeout')));
    try {
      outer.throwIfAborted();
      return await work(this.#abort.signal);
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      this.#log('warn', error.message);
      return outcomes(this.#recipients, error.kind === 'broken' ? BROKEN : UNREACHABLE);
    } finally {
      alarm.cancel();
      outer.removeEventListener('abort', giveUp);
    }
  }

  async #deliver(message: HeldMessage, signal: AbortSignal): Promise<readonly Outcome[]> {
    const { webhook, envelope, session } = this;
    const endpoint = webhook.endpoint();
    if (endpoint === undefined) throw new NoAnswer('unreachable', 'not started');
    const posting: Posting = {
      message,
      envelope,
      session,
      recipients: this.#recipients,
      now: webhook.clock.now(),
      signal,
    };
    const payload = await webhook.form(posting);
    if (payload.problem !== undefined) {
      this.#log('warn', `the message can not be taken apart: ${payload.problem}`);
      if (webhook.rejectUnparsable) return outcomes(this.#recipients, UNPARSABLE);
    }
    const answer = await endpoint.post(await webhook.request(posting, payload));
    return this.#outcomes(answer);
  }

  #outcomes(answer: EndpointAnswer): readonly Outcome[] {
    const { answers } = this.webhook;
    const { reply: meant, level } = answers.meaning(answer.status, this.envelope.id);
    if (level !== 'none') this.#log(level, `status ${answer.status}`);
    const made = answers.outcomes(answer, meant, this.#recipients);
    if (made === undefined) throw new NoAnswer('broken', `status ${answer.status} with an answer that can not be read`);
    return made;
  }

  #log(level: 'warn' | 'error', why: string): void {
    const { logger, url } = this.webhook;
    logger[level]({ transaction: this.envelope.id, url, why }, 'webhook: the endpoint did not take a message');
  }
}
