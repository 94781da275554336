/**
 * http: identities from a service that is asked by JSON over HTTP.
 *
 *     POST {"kind":"password","name":…,"password":…,"address":…,"listener":…}   or   {"kind":"token","token":…,…}
 *     200 {"name":"ann@example.org"}: it is, and acts under that name. 401 or 403: it is not. Anything else is no answer (attack A26).
 */
import { readFileSync } from 'node:fs';
import { Logger, Options, type Authenticator, type Lifecycle, type Session } from '@mailverb/contract';
import { inject, injectable } from 'tsyringe';
import { Pool } from 'undici';
import { z } from 'zod';
import type { HttpOptions } from './http.options.js';

/** An answer is a name: whatever is longer is none. */
const MAX_ANSWER = 16 * 1024;

/** With a name whatever else is beside it; without one nothing else, as `{"ok":false}` is no yes, whatever its status says. */
const answerSchema = z.union([z.looseObject({ name: z.string().min(1).max(1000) }), z.strictObject({})]);

type Answer = { readonly name?: string };

type Question =
  | { readonly kind: 'password'; readonly name: string; readonly password: string }
  | { readonly kind: 'token'; readonly token: string };

/** The authenticator http. Has the methods that it is told to have, so that mechanisms nobody can answer are not offered. */
@injectable()
export class HttpAuthenticator implements Authenticator, Lifecycle {
  readonly password: Authenticator['password'];
  readonly token: Authenticator['token'];
  readonly #options: HttpOptions;
  readonly #logger: Logger;
  /** Who is asked, as it may be told: what stands behind the question mark may be a secret. */
  readonly #service: string;
  #pool: Pool | undefined;

  constructor(@inject(Options) options: HttpOptions, @inject(Logger) logger: Logger) {
    this.#options = options;
    this.#logger = logger;
    const { origin, pathname } = new URL(options.url);
    this.#service = `${origin}${pathname}`;
    if (options.methods.includes('password')) {
      this.password = async (name, password, session) => {
        const answer = await this.#ask({ kind: 'password', name, password }, session);
        return answer && (answer.name ?? name);
      };
    }
    if (options.methods.includes('token')) {
      // Of a token only the service can say whose it is.
      this.token = async (token, session) => (await this.#ask({ kind: 'token', token }, session))?.name;
    }
  }

  start(): void {
    const { url, maxConnections, timeout, ca } = this.#options;
    this.#pool = new Pool(new URL(url).origin, {
      connections: maxConnections,
      bodyTimeout: timeout,
      headersTimeout: timeout,
      maxResponseSize: MAX_ANSWER,
      connect: { timeout, ...(ca === undefined ? {} : { ca: readFileSync(ca) }) },
    });
  }

  async stop(): Promise<void> {
    await this.#pool?.destroy();
    this.#pool = undefined;
  }

  async #ask(question: Question, session: Session): Promise<Answer | undefined> {
    try {
      return await this.#answer(question, session);
    } catch (error) {
      // What it says may quote what was sent, so only its kind is told.
      const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
      const why = error instanceof Unclear ? error.message : String(code ?? name ?? 'failed');
      this.#logger.error({ url: this.#service, why }, 'the service that knows identities gave no answer');
      throw new Unclear(why);
    }
  }

  async #answer(question: Question, session: Session): Promise<Answer | undefined> {
    const { url, headers, timeout } = this.#options;
    if (this.#pool === undefined) throw new Unclear('not started');
    const { pathname, search } = new URL(url);
    const { statusCode, body } = await this.#pool.request({
      method: 'POST',
      path: `${pathname}${search}`,
      headers: { ...headers, 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ ...question, address: session.remoteAddress, listener: session.listener.name }),
      signal: AbortSignal.timeout(timeout),
    });
    const text = await body.text();
    if (statusCode === 401 || statusCode === 403) return undefined;
    // A redirect is followed nowhere: it would take a password there.
    if (statusCode !== 200) throw new Unclear(`status ${statusCode}`);
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      throw new Unclear('an answer that is not JSON');
    }
    const answer = answerSchema.safeParse(json);
    if (!answer.success) throw new Unclear('an answer of another form');
    return answer.data;
  }
}

/** Nobody can tell. */
class Unclear extends Error {
  override readonly name = 'Unclear';
}
