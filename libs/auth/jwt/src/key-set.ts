/**
 * The keys of the issuer, from a file or from its address: read when they are first wanted, kept for a while, and read again when a token names a
 * key that is not among them, but never more often than the cool-down allows: tokens can be made by anybody.
 */
import { readFile } from 'node:fs/promises';
import type { Clock, Logger } from '@mailverb/contract';
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import type { JwtOptions } from './jwt.options.js';

const MAX_SET = 256 * 1024;

const setSchema = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) });

export class KeySet {
  readonly #options: JwtOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #keys: JWTVerifyGetKey | undefined;
  #readAt = -Infinity;
  /** When it was last tried, and what came in between. */
  #triedAt = -Infinity;
  #failure: Error | undefined;
  #reading: Promise<void> | undefined;

  constructor(options: JwtOptions, clock: Clock, logger: Logger) {
    this.#options = options;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** The keys that there are. Rejects if there are none to be had. */
  async keys(): Promise<JWTVerifyGetKey> {
    const { file, cacheFor, coolDown } = this.#options;
    // A look at a file costs nothing, and a key that was taken out of it is to be good no longer.
    if (this.#clock.now() - this.#readAt >= (file === undefined ? cacheFor : Math.min(cacheFor, coolDown))) {
      // Old ones will do where new ones are not to be had.
      await this.#read().catch((error: unknown) => {
        if (this.#keys === undefined) throw error;
      });
    }
    if (this.#keys === undefined) throw new Error('there is no key set');
    return this.#keys;
  }

  /**
   * A token names a key that is not among these: those that there are by now, or undefined if these are they. Rejects where new ones are not to be
   * had: it may be among those.
   */
  async newerThan(keys: JWTVerifyGetKey): Promise<JWTVerifyGetKey | undefined> {
    // Another token has had them read meanwhile.
    if (this.#keys === keys) await this.#read();
    return this.#keys === keys ? undefined : this.#keys;
  }

  async #read(): Promise<void> {
    if (this.#reading !== undefined) return this.#reading;
    if (this.#clock.now() - this.#triedAt < this.#options.coolDown) {
      if (this.#failure !== undefined) throw this.#failure;
      return;
    }
    this.#triedAt = this.#clock.now();
    this.#reading = this.#try().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #try(): Promise<void> {
    try {
      await this.#load();
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error('the key set could not be read');
      // Otherwise nobody would know until the issuer has a new key, and no token is good.
      if (this.#keys !== undefined) {
        this.#logger.warn(
          { why: this.#failure.message },
          'the keys of the issuer of tokens can not be read again: the old ones stay',
        );
      }
      throw this.#failure;
    }
  }

  async #load(): Promise<void> {
    const { file } = this.#options;
    const text = file === undefined ? await this.#fetch() : await readFile(file, 'utf8');
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      throw new Error('the key set is not JSON');
    }
    const set = setSchema.safeParse(json);
    if (!set.success) throw new Error('the key set has another form: expected {"keys":[…]}');
    // What a key must have is looked at when it is used.
    this.#keys = createLocalJWKSet(set.data as JSONWebKeySet);
    this.#readAt = this.#clock.now();
  }

  async #fetch(): Promise<string> {
    const { url = '', timeout } = this.#options;
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(timeout) }).catch(unanswered);
    if (!response.ok || response.body === null) throw new Error(`the issuer answered ${response.status}`);
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > MAX_SET) throw new Error('the key set is too large');
    }
    return text;
  }
}

/** `fetch failed` helps nobody: why it did is in its cause. */
function unanswered(error: { readonly name?: unknown; readonly cause?: { readonly code?: unknown } }): never {
  throw new Error(`the issuer gave no answer: ${String(error.cause?.code ?? error.name)}`);
}
