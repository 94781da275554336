/** A delivery with transforms of its own: what goes this way, and only that, passes them. */
import {
  BodyAborted,
  isPromise,
  offeredByAll,
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
  type TransformInput,
} from '@mailverb/contract';
import { bodyOfHeld } from '@mailverb/body';
import type { Hold, Spool } from './spool.js';
import { transformed, type NamedTransform } from './transform-chain.js';

/** The inner strategy, but for the body. */
export class TransformedDelivery implements DeliveryStrategy {
  readonly durability: Durability;
  readonly wholeMessage: boolean;

  constructor(
    readonly inner: DeliveryStrategy,
    readonly transforms: readonly NamedTransform[],
    private readonly spool: Spool,
  ) {
    this.durability = inner.durability;
    this.wholeMessage = inner.wholeMessage === true || transforms.some(({ transform }) => transform.wholeMessage);
  }

  begin(envelope: Envelope, session: Session, context: DeliveryContext): MaybePromise<DeliveryTransaction> {
    const { inner, transforms, spool } = this;
    const wrap = (begun: DeliveryTransaction) =>
      new TransformedTransaction(
        begun,
        transforms,
        { envelope, session },
        inner.wholeMessage === true ? spool : undefined,
      );
    const begun = inner.begin(envelope, session, context);
    return isPromise(begun) ? begun.then(wrap) : wrap(begun);
  }

  offers(keyword: string, argument: string | undefined, session: Session): string | undefined | false {
    return offeredByAll([this.inner], keyword, argument, session);
  }

  sessionClosed(session: Session): void {
    this.inner.sessionClosed?.(session);
  }
}

class TransformedTransaction implements DeliveryTransaction {
  private held: Hold | undefined = undefined;
  private over = false;

  constructor(
    private readonly inner: DeliveryTransaction,
    private readonly transforms: readonly NamedTransform[],
    private readonly input: TransformInput,
    /** Where the changed message is held; undefined if the inner delivery takes it as it comes. */
    private readonly spool: Spool | undefined,
  ) {}

  recipient(recipient: Recipient): ReturnType<DeliveryTransaction['recipient']> {
    return this.inner.recipient(recipient);
  }

  body(body: Body): MaybePromise<void> {
    const changed = transformed(body, this.transforms, this.input);
    return isPromise(changed) ? changed.then((result) => this.give(result)) : this.give(changed);
  }

  commit(): MaybePromise<readonly Outcome[]> {
    const outcomes = this.inner.commit();
    if (isPromise(outcomes)) return Promise.resolve(outcomes).finally(() => this.release());
    this.release();
    return outcomes;
  }

  abort(reason: string): MaybePromise<void> {
    this.over = true;
    this.release();
    return this.inner.abort(reason);
  }

  private give(body: Body): MaybePromise<void> {
    if (this.over) throw new BodyAborted('the transaction is over');
    if (this.spool === undefined || body.held !== undefined) return this.inner.body(body);
    return this.holdFirst(body, this.spool);
  }

  /** A transform that streams has changed what was held: the delivery needs the changed message whole. */
  private async holdFirst(body: Body, spool: Spool): Promise<void> {
    this.held = await spool.hold(body);
    if (this.over) {
      this.release();
      throw new BodyAborted('the transaction is over');
    }
    await this.inner.body(bodyOfHeld(this.held.message));
  }

  private release(): void {
    this.held?.release();
    this.held = undefined;
  }
}
