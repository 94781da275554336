/** Bytes in front of a body: how trace fields get above a message without a byte of it being copied. */
import type { Body, HeldMessage, MaybePromise } from '@mailverb/contract';
import { PulledBody } from './pulled-body.js';

/** `prefix`, then `body`. A held body stays held, with the prefix in it. */
export function prefixed(prefix: Uint8Array, body: Body): Body {
  return prefix.length === 0 ? body : new PrefixedBody(prefix, body);
}

class PrefixedBody extends PulledBody {
  private begun = false;

  constructor(
    private readonly prefix: Uint8Array,
    private readonly body: Body,
  ) {
    super();
  }

  override read(): MaybePromise<Uint8Array | undefined> {
    if (this.begun) return this.body.read();
    this.begun = true;
    return this.prefix;
  }

  override get held(): HeldMessage | undefined {
    const held = this.body.held;
    if (held === undefined) return undefined;
    const { prefix } = this;
    return { size: prefix.length + held.size, open: () => prefixed(prefix, held.open()) };
  }

  override release(): void {
    if (this.body instanceof PulledBody) this.body.release();
  }
}
