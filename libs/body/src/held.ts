/** Messages that are held in memory, and bodies of held messages. */
import type { Body, HeldMessage, MaybePromise } from '@mailverb/contract';
import { PulledBody } from './pulled-body.js';

/** A message that is held in memory. The bytes are not copied. */
export function heldBytes(bytes: Uint8Array): HeldMessage {
  const message: HeldMessage = { size: bytes.length, open: () => new BytesBody(bytes, message) };
  return message;
}

/** The body of a held message: read as a stream or, by its `held`, as often as wanted. Opens the message when it is first read. */
export function bodyOfHeld(message: HeldMessage): PulledBody {
  return new HeldBody(message);
}

class BytesBody extends PulledBody {
  constructor(
    private bytes: Uint8Array | undefined,
    private readonly message: HeldMessage,
  ) {
    super();
  }

  override read(): Uint8Array | undefined {
    const bytes = this.bytes;
    this.bytes = undefined;
    return bytes;
  }

  override get held(): HeldMessage {
    return this.message;
  }
}

class HeldBody extends PulledBody {
  private opened: Body | undefined;

  constructor(private readonly message: HeldMessage) {
    super();
  }

  override read(): MaybePromise<Uint8Array | undefined> {
    return (this.opened ??= this.message.open()).read();
  }

  override get held(): HeldMessage {
    return this.message;
  }

  override release(): void {
    if (this.opened instanceof PulledBody) this.opened.release();
  }
}
