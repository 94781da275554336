/**
 * Posts each message to a URL. Our 250 is said when the endpoint has said 2xx to the whole of it, and never otherwise.
 *
 * A message is always held (`wholeMessage`): what is posted is made from it twice, once to know its length and to sign it, and once to send
 * it. Nothing of it is kept in memory beside the holding, however large its attachments are.
 */
import { readFile } from 'node:fs/promises';
import {
  Clock,
  Logger,
  Options,
  type DeliveryContext,
  type DeliveryStrategy,
  type DeliveryTransaction,
  type Envelope,
  type Lifecycle,
  type Session,
} from '@mailverb/contract';
import { inject, injectable } from 'tsyringe';
import { Answers } from './answer.js';
import { Endpoint } from './endpoint.js';
import { formOf } from './forms/index.js';
import { requestMaker } from './request.js';
import type { WebhookOptions } from './webhook.options.js';
import { WebhookTransaction, type Webhook } from './webhook.transaction.js';

/** Posts messages. */
@injectable()
export class WebhookDelivery implements DeliveryStrategy, Lifecycle {
  readonly durability = 'remote';
  readonly wholeMessage = true;
  readonly #options: WebhookOptions;
  readonly #webhook: Webhook;
  #endpoint: Endpoint | undefined;

  constructor(@inject(Options) options: WebhookOptions, @inject(Clock) clock: Clock, @inject(Logger) logger: Logger) {
    this.#options = options;
    const { origin, pathname } = new URL(options.url);
    this.#webhook = {
      clock,
      logger,
      // As it may be told: what stands behind the question mark may be a secret.
      url: `${origin}${pathname}`,
      timeout: options.timeout,
      rejectUnparsable: options.unparsable === 'reject',
      envelopeInHead: options.form === 'raw',
      form: formOf(options),
      request: requestMaker(options),
      answers: new Answers(options.statuses, options.readAnswer),
      endpoint: () => this.#endpoint,
    };
  }

  async start(): Promise<void> {
    const { ca } = this.#options;
    const pem = ca === undefined ? undefined : await readFile(ca, 'utf8');
    this.#endpoint = new Endpoint({ ...this.#options, ca: pem });
  }

  async stop(): Promise<void> {
    await this.#endpoint?.close();
    this.#endpoint = undefined;
  }

  begin(envelope: Envelope, session: Session, { signal }: DeliveryContext): DeliveryTransaction {
    return new WebhookTransaction(this.#webhook, envelope, session, signal);
  }
}
