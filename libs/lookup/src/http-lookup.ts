/**
 * A table that a service knows.
 *
 *     GET <url with the key>   or   POST {"key": …}
 *     200 {"value": …}: found. 200 {"value": null}, 204, or 404 with JSON: none. Anything else is no answer (attack A26).
 *
 * A 404 that is not JSON is a wrong URL or a proxy in between, and never taken for "there is none". Redirects are followed nowhere (attack A19).
 */
import { readFileSync } from 'node:fs';
import type { MaybePromise } from '@mailverb/contract';
import { Pool, type Dispatcher } from 'undici';
import { z } from 'zod';
import { AnswerCache } from './answer-cache.js';
import { FAILED, NONE, type Lookup, type LookupAnswer } from './lookup.js';
import type { HttpLookupOptions } from './lookup.options.js';
import type { LookupServices } from './open-lookup.js';
import { messageOf } from './table.js';

/** Octets: a value that is longer is none. */
const MAX_ANSWER = 256 * 1024;

const answerSchema = z.looseObject({ value: z.unknown() });

/** See above. */
export class HttpLookup<K, T> implements Lookup<K, T> {
  // Not to be seen on it: headers and what stands behind the question mark may hold a secret.
  readonly #options: HttpLookupOptions;
  readonly #services: LookupServices<K, T>;
  readonly #cache: AnswerCache<T>;
  /** Questions under way: who asks the same waits for the same answer. */
  readonly #asking = new Map<string, Promise<LookupAnswer<T>>>();
  /** Who is asked, as it may be told. */
  readonly #service: string;
  readonly #origin: string;
  readonly #path: string;
  #pool: Pool | undefined;

  constructor(options: HttpLookupOptions, services: LookupServices<K, T>) {
    this.#options = options;
    this.#services = services;
    this.#cache = new AnswerCache(services.clock, options.cacheSize);
    const { origin, pathname, search } = new URL(options.url);
    this.#origin = origin;
    // As written: in a path URL has encoded the braces.
    this.#path = `${pathname}${search}`.replaceAll('%7Bkey%7D', '{key}');
    this.#service = `${origin}${pathname}`;
  }

  start(): void {
    const { maxConnections, timeout, ca } = this.#options;
    this.#pool = new Pool(this.#origin, {
      connections: maxConnections,
      bodyTimeout: timeout,
      headersTimeout: timeout,
      maxResponseSize: MAX_ANSWER,
      connect: { timeout, ...(ca === undefined ? {} : { ca: readFileSync(ca) }) },
    });
  }

  async stop(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    this.#cache.clear();
    await pool?.destroy();
  }

  find(key: K): MaybePromise<LookupAnswer<T>> {
    const question = this.#services.form.question(key);
    const kept = this.#cache.get(question) ?? this.#asking.get(question);
    if (kept !== undefined) return kept;
    const asked = this.#ask(question).finally(() => this.#asking.delete(question));
    this.#asking.set(question, asked);
    return asked;
  }

  /** Never rejects. */
  async #ask(question: string): Promise<LookupAnswer<T>> {
    const { ttl, negativeTtl } = this.#options;
    try {
      const answer = await this.#answer(question);
      this.#cache.keep(question, answer, answer.kind === 'found' ? ttl : negativeTtl);
      return answer;
    } catch (error) {
      // What it says may quote what was sent, so only its kind is told.
      const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
      const why = error instanceof Unclear ? error.message : String(code ?? name ?? 'failed');
      const { logger, what } = this.#services;
      logger.error({ url: this.#service, key: question, why }, `${what}: the service gave no answer`);
      return FAILED;
    }
  }

  async #answer(question: string): Promise<LookupAnswer<T>> {
    if (this.#pool === undefined) throw new Unclear('not started');
    const { statusCode, headers, body } = await this.#pool.request(this.#request(question));
    const text = await body.text();
    if (statusCode === 204) return NONE;
    if (statusCode === 404 && /^application\/(?:problem\+)?json\b/.test(String(headers['content-type']))) return NONE;
    if (statusCode !== 200) throw new Unclear(`status ${statusCode}`);
    const answer = answerSchema.safeParse(parsed(text));
    // Nothing in it is no "none": it may be another service's yes.
    if (!answer.success || answer.data.value === undefined) throw new Unclear('an answer of another form');
    if (answer.data.value === null) return NONE;
    const value = this.#services.value.safeParse(answer.data.value);
    if (!value.success) throw new Unclear(messageOf(value.error));
    return { kind: 'found', value: value.data };
  }

  #request(question: string): Dispatcher.RequestOptions {
    const { method, headers, timeout } = this.#options;
    const common = {
      method,
      headers: { ...headers, accept: 'application/json' },
      signal: AbortSignal.timeout(timeout),
    };
    if (method === 'GET') return { ...common, path: this.#path.replaceAll('{key}', () => encoded(question)) };
    return {
      ...common,
      path: this.#path,
      headers: { ...common.headers, 'content-type': 'application/json' },
      body: JSON.stringify({ key: question }),
    };
  }
}

/** One segment of a path at most, and never one that leads elsewhere. */
function encoded(key: string): string {
  if (key === '.' || key === '..') throw new Unclear('a key that can not stand in a URL');
  return encodeURIComponent(key);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Unclear('an answer that is not JSON');
  }
}

/** Nobody can tell. */
class Unclear extends Error {
  override readonly name = 'Unclear';
}
