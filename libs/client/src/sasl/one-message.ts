/** An exchange of which the client's first message is all. */
import type { ClientExchange } from './mechanism.js';
import { SaslError } from './sasl-error.js';

export class OneMessage implements ClientExchange {
  readonly #message: Uint8Array;

  constructor(message: Uint8Array) {
    this.#message = message;
  }

  // Not a field: a dump of the exchange would show what is in it.
  get initial(): Uint8Array {
    return this.#message;
  }

  respond(): never {
    throw new SaslError('malformed', 'a challenge where everything was said');
  }

  finish(): void {
    // Nothing that the server could prove.
  }
}
