/** Identities as people list them: all, none, or by name. */
import type { Identity } from '@mailverb/contract';
import { z } from 'zod';

/** Identities that a session's can be looked up in. Names are compared exactly. */
export class IdentitySet {
  readonly #names: ReadonlySet<string> | boolean;

  /** @param names true for every identity, false for none. */
  constructor(names: readonly string[] | boolean) {
    this.#names = typeof names === 'boolean' ? names : new Set(names);
  }

  /** True if nobody is listed. */
  get empty(): boolean {
    return typeof this.#names === 'boolean' ? !this.#names : this.#names.size === 0;
  }

  /** True if the client has proved to be one of these; never for one that has proved nothing. */
  has(identity: Identity | undefined): boolean {
    if (identity === undefined) return false;
    return typeof this.#names === 'boolean' ? this.#names : this.#names.has(identity.name);
  }
}

/**
 * Who a client proved to be: `true` for anybody, `false` for nobody, or a list of identities. Gives an {@link IdentitySet}.
 * A default is written as `identities().prefault(true)`.
 */
export function identities() {
  return z.union([z.boolean(), z.array(z.string().min(1))]).transform((names) => new IdentitySet(names));
}
