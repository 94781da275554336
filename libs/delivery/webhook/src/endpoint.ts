/**
 * The HTTP side: one URL, of the configuration and of nothing else, with a pool of connections that are kept open. Redirects are not followed
 * (attack A19). Whatever is no answer is {@link NoAnswer}.
 */
import type { Readable } from 'node:stream';
import { Pool } from 'undici';

/** How the URL is reached. */
export interface EndpointOptions {
  readonly url: string;
  readonly connections: number;
  readonly keepAlive: number;
  readonly connectTimeout: number;
  readonly answerTimeout: number;
  /** PEM. */
  readonly ca: string | undefined;
}

/** One request. */
export interface EndpointRequest {
  readonly headers: ReadonlyMap<string, string>;
  readonly query: readonly (readonly [name: string, value: string])[];
  /** The length of the body. */
  readonly octets: number;
  /** The body, from its start each time. */
  chunks(): AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
}

/** What the endpoint said. */
export interface EndpointAnswer {
  readonly status: number;
  readonly contentType: string;
  /** Undefined if it was too long, or did not come to its end. */
  readonly text: string | undefined;
}

/** There is no answer that can be believed. The message is the cause, for the log. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  constructor(
    /** `broken`: there was a connection, and it ended. */
    readonly kind: 'unreachable' | 'broken',
    why: string,
  ) {
    super(why);
  }
}

/** What is read of an answer: nobody needs more. */
const MAX_ANSWER = 64 * 1024;

/** With longer headers a first write might have to wait, and then it can't be told whether it went out. */
const MAX_RETRIED_HEADERS = 12 * 1024;

const BROKEN: ReadonlySet<string> = new Set([
  'UND_ERR_SOCKET',
  'UND_ERR_HEADERS_OVERFLOW',
  'ECONNRESET',
  'EPIPE',
  'HTTPParserError',
]);

/** How far a body has come. */
interface Progress {
  /** Given to the connection. */
  octets: number;
  /** True as soon as something may have been written. */
  begun: boolean;
}

/** The endpoint. */
export class Endpoint {
  readonly #pool: Pool;
  readonly #path: string;
  readonly #search: string;

  constructor({ url, connections, keepAlive, connectTimeout, answerTimeout, ca }: EndpointOptions) {
    const { origin, pathname, search } = new URL(url);
    this.#path = pathname;
    this.#search = search;
    this.#pool = new Pool(origin, {
      connections,
      // 0 is undici's way to say that each connection serves one request.
      pipelining: keepAlive === 0 ? 0 : 1,
      ...(keepAlive === 0 ? {} : { keepAliveTimeout: keepAlive, keepAliveMaxTimeout: Math.max(keepAlive, 600_000) }),
      headersTimeout: answerTimeout,
      bodyTimeout: answerTimeout,
      connect: { timeout: connectTimeout, ...(ca === undefined ? {} : { ca }) },
    });
  }

  /** Ends all connections, at once. */
  close(): Promise<void> {
    return this.#pool.destroy();
  }

  /**
   * Posts, and gives the answer, whatever it is. Once more if the connection ended before anything of the request was sent, as a connection
   * that was kept open may.
   * @throws {NoAnswer}, what the body throws, and what the signal says.
   */
  async post(request: EndpointRequest): Promise<EndpointAnswer> {
    const progress: Progress = { octets: 0, begun: false };
    try {
      return await this.#postOnce(request, progress);
    } catch (error) {
      const again = error instanceof NoAnswer && error.kind === 'broken' && !progress.begun;
      if (!again || headerOctets(request.headers) > MAX_RETRIED_HEADERS) throw error;
      return this.#postOnce(request, { octets: 0, begun: false });
    }
  }

  async #postOnce(request: EndpointRequest, progress: Progress): Promise<EndpointAnswer> {
    const { headers, octets, signal } = request;
    const body = new Watched(request.chunks(), progress);
    try {
      const response = await this.#pool.request({
        method: 'POST',
        path: this.#path + this.#searchWith(request.query),
        headers: [...headers, ['content-length', String(octets)]].flat(),
        body: asStream(body),
        signal,
      });
      // Who stops reading destroys it; that is no error of anybody's.
      response.body.on('error', () => undefined);
      const text = await readText(response.body);
      signal.throwIfAborted();
      const status = response.statusCode;
      // A yes to what has not been read is none.
      if (status < 300 && progress.octets < octets) throw new NoAnswer('broken', 'answered before it had the message');
      return { status, contentType: String(response.headers['content-type'] ?? ''), text };
    } catch (error) {
      signal.throwIfAborted();
      if (body.failure !== undefined) throw body.failure.error;
      throw error instanceof NoAnswer ? error : noAnswer(error);
    }
  }

  #searchWith(query: readonly (readonly [string, string])[]): string {
    if (query.length === 0) return this.#search;
    const more = query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
    return `${this.#search === '' ? '?' : `${this.#search}&`}${more}`;
  }
}

/** A body that is looked at while it is sent. */
class Watched implements AsyncIterable<Uint8Array> {
  /** What the body itself threw: not the connection's fault. */
  failure: { readonly error: unknown } | undefined;

  constructor(
    private readonly chunks: AsyncIterable<Uint8Array>,
    private readonly progress: Progress,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      yield* this.watched();
    } catch (error) {
      this.failure = { error };
      throw error;
    }
  }

  /**
   * The first octet goes alone: it fits into any buffer, so that whoever asks for what follows has written it. If nobody asks, the connection
   * had ended before, and nothing of the request was sent.
   */
  private async *watched(): AsyncGenerator<Uint8Array> {
    const { progress } = this;
    for await (const chunk of this.chunks) {
      if (chunk.length === 0) continue;
      progress.octets += chunk.length;
      if (!progress.begun) {
        yield chunk.subarray(0, 1);
        progress.begun = true;
      }
      const rest = progress.octets === chunk.length ? chunk.subarray(1) : chunk;
      if (rest.length > 0) yield rest;
    }
    progress.begun = true;
  }
}

/** Undici takes whatever can be iterated, and asks for each chunk when the one before was written; its types know of streams alone. */
function asStream(body: unknown): Readable {
  return body as Readable;
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let octets = 0;
  try {
    for await (const chunk of body) {
      octets += chunk.length;
      if (octets > MAX_ANSWER) return undefined;
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString();
  } catch {
    return undefined;
  }
}

function noAnswer(error: unknown): NoAnswer {
  // What an error says may quote what was sent, so only its kind is told.
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
  const why = String(code ?? name ?? 'failed');
  return new NoAnswer(BROKEN.has(why) || why.startsWith('HPE_') ? 'broken' : 'unreachable', why);
}

function headerOctets(headers: ReadonlyMap<string, string>): number {
  let octets = 0;
  for (const [name, value] of headers) octets += name.length + value.length + 4;
  return octets;
}
