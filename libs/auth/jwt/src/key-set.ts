/**
 * The keys of the issuer, from a file or from its address: read when they are first wanted, kept for a while, and read again when a token names a
 * key that is not among them, but never more often than the cool-down allows: tokens can be made by anybody.
 */
import { readFile } from 'node:fs/promises';
import type { Clock } from '@mailverb/contract';
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import type { JwtOptions } from './jwt.options.js';

const MAX_SET = 256 * 1024;

const setSchema = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) });

export class KeySet {
  readonly #options: JwtOptions;
  readonly #clock: Clock;
  #keys: JWTVerifyGetKey | undefined;
  #readAt = -Infinity;
  /** When it was last tried, with or without success. */
  #triedAt = -Infinity;
  #reading: Promise<void> | undefined;

  constructor(options: JwtOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** The keys that there are. Rejects if there are none to be had. */
  async keys(): Promise<JWTVerifyGetKey> {
    if (this.#clock.now() - this.#readAt >= this.#options.cacheFor) {
      // Old ones will do where new ones are not to be had.
      await this.#read().catch((error: unknown) => {
        if (this.#keys === undefined) throw error;
      });
    }
    if (this.#keys === undefined) throw new Error('there is no key set');
    return this.#keys;
  }

  /** A token names a key that is not among them: true if they were read again. */
  async refresh(): Promise<boolean> {
    const before = this.#readAt;
    await this.#read().catch(() => undefined);
    return this.#readAt !== before;
  }

  async #read(): Promise<void> {
    if (this.#reading !== undefined) return this.#reading;
    if (this.#clock.now() - this.#triedAt < this.#options.coolDown) {
      if (this.#keys === undefined) throw new Error('the key set could not be read a moment ago');
      return;
    }
    this.#triedAt = this.#clock.now();
    this.#reading = this.#load().finally(() => (this.#reading = undefined));
    return this.#reading;
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
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(timeout) });
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
