/** pipe: reads every message and keeps none. An example: say here where yours puts them, and what its 250 survives. */
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
import type { PipeOptions } from './pipe.options.js';

/** The delivery strategy pipe. */
@injectable()
export class PipeDelivery implements DeliveryStrategy {
  readonly durability = 'none';

  constructor(@inject(Options) private readonly options: PipeOptions) {}

  begin(): DeliveryTransaction {
    return new PipeTransaction(this.options.words);
  }
}

/** One message. What it opens here must be closed by `commit` and by `abort`. */
class PipeTransaction implements DeliveryTransaction {
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
