/** smtp: knows bearer tokens by their hashes. An example: say here where yours has its identities from. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { Options, type Authenticator } from '@mailverb/contract';
import { inject, injectable } from 'tsyringe';
import type { SmtpOptions } from './smtp.options.js';

/** The authenticator smtp. */
@injectable()
export class SmtpAuthenticator implements Authenticator {
  /** Private to the language and not only to the compiler: no dump of an object shows it. */
  readonly #hashes: ReadonlyMap<string, Buffer>;

  constructor(@inject(Options) { tokens }: SmtpOptions) {
    this.#hashes = new Map(Object.entries(tokens).map(([name, hash]) => [name, Buffer.from(hash, 'hex')]));
  }

  /** Looks at all of them, so that the time it takes says nothing. What can't tell rejects; undefined means that the token is no good. */
  token(token: string): string | undefined {
    const hash = createHash('sha256').update(token).digest();
    let found: string | undefined;
    for (const [name, known] of this.#hashes) if (timingSafeEqual(hash, known)) found = name;
    return found;
  }
}
