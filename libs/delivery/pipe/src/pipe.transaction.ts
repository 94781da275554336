/** One message on its way into a program, or into one for each of its recipients. */
import {
  BodyAborted,
  outcomes,
  type Body,
  type DeliveryContext,
  type DeliveryTransaction,
  type HeldMessage,
  type Outcome,
  type Recipient,
} from '@mailverb/contract';
import type { Reply } from '@mailverb/protocol';
import { FAILED } from './exit-codes.js';
import type { Mail, Runner } from './runner.js';

/** See {@link DeliveryTransaction}. */
export class PipeTransaction implements DeliveryTransaction {
  private readonly taken: Recipient[] = [];
  private readonly cancel = new AbortController();
  private message: HeldMessage | undefined = undefined;
  private running: Promise<readonly Outcome[]> | undefined = undefined;

  constructor(
    private readonly runner: Runner,
    private readonly mail: Mail & { readonly context: DeliveryContext },
  ) {}

  recipient(recipient: Recipient): Reply | undefined {
    if (this.cancel.signal.aborted) return FAILED;
    const refusal = this.runner.refusalOf(this.mail, recipient);
    if (refusal === undefined) this.taken.push(recipient);
    return refusal;
  }

  body(body: Body): void {
    this.cancel.signal.throwIfAborted();
    if (body.held === undefined) throw new Error('pipe was given a body that is not held');
    this.message = body.held;
  }

  async commit(): Promise<readonly Outcome[]> {
    this.cancel.signal.throwIfAborted();
    const { message } = this;
    if (message === undefined) throw new Error('pipe was told to commit without a body');
    const { cancel, runner } = this;
    const { signal } = this.mail.context;
    const forward = (): void => cancel.abort(new BodyAborted('the server gave up'));
    if (signal.aborted) forward();
    signal.addEventListener('abort', forward);
    this.running = runner.track(cancel, this.deliver(message));
    const replies = await this.running.finally(() => signal.removeEventListener('abort', forward));
    // What has run to a good end is delivered, whatever came meanwhile; if all of it was stopped, there is nothing to tell.
    if (!replies.some(({ reply }) => reply.positive)) cancel.signal.throwIfAborted();
    return replies;
  }

  async abort(reason: string): Promise<void> {
    this.cancel.abort(new BodyAborted(`the transaction was aborted: ${reason}`));
    // When this returns, no process of ours is left.
    await this.running?.catch(() => undefined);
  }

  private async deliver(message: HeldMessage): Promise<readonly Outcome[]> {
    const { runner, mail, taken } = this;
    const { signal } = this.cancel;
    if (runner.options.each === 'message') return outcomes(taken, await runner.run(mail, message, taken, signal));
    return Promise.all(
      taken.map(async (recipient) => ({ recipient, reply: await runner.run(mail, message, [recipient], signal) })),
    );
  }
}
