/** Applies transforms to a body, in order: what each prepends, and what it makes of the bytes. Synchronous unless a transform is not. */
import {
  isPromise,
  type Body,
  type DeliveryContext,
  type DeliveryStrategy,
  type DeliveryTransaction,
  type Durability,
  type Envelope,
  type MaybePromise,
  type Session,
  type Transform,
  type TransformInput,
} from '@mailverb/contract';
import { bodyOf, prefixed } from '@mailverb/body';

/** A transform as it stands in an assembly. */
export interface NamedTransform {
  readonly name: string;
  readonly transform: Transform;
}

/** The body behind all transforms. Throws or rejects what a transform does. */
export function transformed(
  body: Body,
  transforms: readonly NamedTransform[],
  input: TransformInput,
  first = 0,
): MaybePromise<Body> {
  let current = body;
  for (let i = first; i < transforms.length; i++) {
    const { transform } = transforms[i] as NamedTransform;
    const source = transform.apply === undefined ? current : bodyOf(transform.apply(current, input));
    const prefix = transform.prepend?.(input);
    if (isPromise(prefix)) {
      return prefix.then((bytes) => transformed(bytes ? prefixed(bytes, source) : source, transforms, input, i + 1));
    }
    current = prefix === undefined ? source : prefixed(prefix, source);
  }
  return current;
}

/** A delivery with transforms of its own: what goes this way, and only that, passes them. */
export class TransformedDelivery implements DeliveryStrategy {
  readonly durability: Durability;
  readonly wholeMessage: boolean;

  constructor(
    readonly inner: DeliveryStrategy,
    readonly transforms: readonly NamedTransform[],
  ) {
    this.durability = inner.durability;
    this.wholeMessage = inner.wholeMessage === true || transforms.some(({ transform }) => transform.wholeMessage);
  }

  begin(envelope: Envelope, session: Session, context: DeliveryContext): MaybePromise<DeliveryTransaction> {
    const input: TransformInput = { envelope, session };
    const begun = this.inner.begin(envelope, session, context);
    return isPromise(begun) ? begun.then((inner) => this.wrap(inner, input)) : this.wrap(begun, input);
  }

  private wrap(inner: DeliveryTransaction, input: TransformInput): DeliveryTransaction {
    return {
      recipient: (recipient) => inner.recipient(recipient),
      body: (body) => {
        const changed = transformed(body, this.transforms, input);
        return isPromise(changed) ? changed.then((result) => inner.body(result)) : inner.body(changed);
      },
      commit: () => inner.commit(),
      abort: (reason) => inner.abort(reason),
    };
  }
}
