/** Applies transforms to a body, in order: what each prepends, and what it makes of the bytes. Synchronous unless a transform is not. */
import {
  isPromise,
  type Body,
  type HeldMessage,
  type MaybePromise,
  type Transform,
  type TransformInput,
} from '@mailverb/contract';
import { bodyOf, prefixed, PulledBody } from '@mailverb/body';

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
    const source = transform.apply === undefined ? current : changed(transform.apply(current, input));
    const prefix = transform.prepend?.(input);
    if (isPromise(prefix)) {
      return Promise.resolve(prefix).then((bytes) => transformed(withPrefix(bytes, source), transforms, input, i + 1));
    }
    current = withPrefix(prefix, source);
  }
  return current;
}

function changed(result: Body | AsyncIterable<Uint8Array>): Body {
  if (!isPromise(result as MaybePromise<unknown>)) return new CheckedBody(bodyOf(result));
  // An async function in the place of an async generator: what it comes to is nobody's, and must not be left unhandled.
  Promise.resolve(result).then(undefined, () => {});
  throw new TypeError('a transform gave a promise in the place of a body');
}

function withPrefix(prefix: Uint8Array | undefined, body: Body): Body {
  return prefix === undefined ? body : prefixed(bytesOnly(prefix), body);
}

/** A transform that gives anything but bytes must not have it stored as if it were mail (attack A24). */
function bytesOnly(chunk: Uint8Array): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  throw new TypeError('a transform gave something that is not bytes');
}

/** What a transform makes of a body, looked at. */
class CheckedBody extends PulledBody {
  constructor(private readonly body: Body) {
    super();
  }

  override get held(): HeldMessage | undefined {
    return this.body.held;
  }

  override read(): MaybePromise<Uint8Array | undefined> {
    const next = this.body.read();
    if (isPromise(next)) return Promise.resolve(next).then((chunk) => (chunk === undefined ? chunk : bytesOnly(chunk)));
    return next === undefined ? next : bytesOnly(next);
  }

  override release(): void {
    if (this.body instanceof PulledBody) this.body.release();
  }
}
