/** s3: reads every message and keeps none. An example: say here where yours puts them, and what its 250 survives. */
import {
  BodyAborted,
  Options,
  delivered,
  outcomes,
  type Body,
  type DeliveryStrategy,
  type DeliveryTransaction,
  type Outcome,
  type Recipient,
} from '@mailverb/contract';
import { drain } from '@mailverb/body';
import { inject, injectable } from 'tsyringe';
import type { S3Options } from './s3.options.js';

/** The delivery strategy s3. */
@injectable()
export class S3Delivery implements DeliveryStrategy {
  readonly durability = 'none';

  constructor(@inject(Options) private readonly options: S3Options) {}

  begin(): DeliveryTransaction {
    return new S3Transaction(this.options.words);
  }
}

/** One message. What it opens here must be closed by `commit` and by `abort`. */
class S3Transaction implements DeliveryTransaction {
  readonly #recipients: Recipient[] = [];
  #aborted = false;

  constructor(private readonly words: string) {}

  recipient(recipient: Recipient): undefined {
    this.#recipients.push(recipient);
  }

  async body(body: Body): Promise<void> {
    this.#expectOpen();
    await drain(body);
  }

  commit(): readonly Outcome[] {
    this.#expectOpen();
    return outcomes(this.#recipients, delivered(this.words));
  }

  abort(): void {
    this.#aborted = true;
  }

  // What was under way when the server gave up may go on: nothing may come of it.
  #expectOpen(): void {
    if (this.#aborted) throw new BodyAborted('the transaction was aborted');
  }
}
