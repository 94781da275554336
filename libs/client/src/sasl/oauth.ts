/** OAUTHBEARER (RFC 7628) and XOAUTH2 (Google's, older): a bearer token in one message, and an answer to the server's words where it is refused. */
import { decodeUtf8, saslPrep } from '@mailverb/sasl-text';
import type { TokenCredentials } from './credentials.js';
import { escapeSaslName } from './gs2.js';
import type { ClientExchange, ClientMechanism } from './mechanism.js';
import { SaslError } from './sasl-error.js';

/** What both are: who acts, with a token that is asked for at each attempt. */
abstract class OauthClient implements ClientMechanism {
  abstract readonly name: string;
  readonly #credentials: TokenCredentials;

  constructor(credentials: TokenCredentials) {
    this.#credentials = credentials;
  }

  async begin(signal: AbortSignal = new AbortController().signal): Promise<ClientExchange> {
    const { username, token } = this.#credentials;
    // Prepared, there is no control character in it that would end its pair.
    const name = saslPrep(username);
    if (name === undefined) throw new SaslError('credentials', 'the user name is none');
    return new OauthExchange(Buffer.from(this.message(name, await fetchToken(token, signal))), this.afterError);
  }

  protected abstract message(username: string, token: string): string;
  /** What is said to the server's explanation, so that it may say 535. */
  protected abstract readonly afterError: Uint8Array;
}

export class OauthBearerClient extends OauthClient {
  readonly name = 'OAUTHBEARER';
  // RFC 7628 3.2.3.
  protected readonly afterError = Uint8Array.of(1);

  /** RFC 7628 3.1: `host` and `port` may be absent. */
  protected message(username: string, token: string): string {
    return `n,a=${escapeSaslName(username)},\x01auth=Bearer ${token}\x01\x01`;
  }
}

export class Xoauth2Client extends OauthClient {
  readonly name = 'XOAUTH2';
  protected readonly afterError = new Uint8Array(0);

  protected message(username: string, token: string): string {
    return `user=${username}\x01auth=Bearer ${token}\x01\x01`;
  }
}

class OauthExchange implements ClientExchange {
  readonly #message: Uint8Array;
  readonly #afterError: Uint8Array;
  #refusal: SaslError | undefined;

  constructor(message: Uint8Array, afterError: Uint8Array) {
    this.#message = message;
    this.#afterError = afterError;
  }

  get initial(): Uint8Array {
    return this.#message;
  }

  /** There is one challenge: the server's words on why not, after which it says 535. */
  respond(challenge: Uint8Array): Uint8Array {
    if (this.#refusal !== undefined) throw new SaslError('malformed', 'a challenge where everything was said');
    this.#refusal = new SaslError('refused', `the server does not take the token (${statusOf(challenge)})`);
    return this.#afterError;
  }

  finish(): void {
    if (this.#refusal !== undefined) throw this.#refusal;
  }
}

/** Printable (RFC 6750 2.1 allows less): no octet 1 that would begin another pair, and no line end. */
const TOKEN = /^[\x21-\x7e]+$/;

async function fetchToken(provider: { token(signal: AbortSignal): unknown }, signal: AbortSignal): Promise<string> {
  let token: unknown;
  try {
    // Who does not look at the signal may take for ever, and would keep the connection, and its place in the pool.
    token = await Promise.race([provider.token(signal), givenUp(signal)]);
  } catch (error) {
    throw new SaslError('credentials', 'there is no token to be had', { cause: error });
  }
  if (typeof token !== 'string' || !TOKEN.test(token)) throw new SaslError('credentials', 'what was given is no token');
  return token;
}

function givenUp(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(new Error('it took too long'));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

/** Longer than any explanation. */
const MAX_EXPLANATION = 4096;
/** RFC 6750 3.1, and a status of HTTP. Nothing else is repeated: it might be the token. */
const STATUS = /^(?:invalid_request|invalid_token|insufficient_scope|[1-5][0-9][0-9])$/;

function statusOf(challenge: Uint8Array): string {
  const text = challenge.length > MAX_EXPLANATION ? undefined : decodeUtf8(challenge);
  try {
    const said: unknown = JSON.parse(text ?? '');
    const status = typeof said === 'object' && said !== null && 'status' in said ? String(said.status) : '';
    return STATUS.test(status) ? status : 'no status';
  } catch {
    return 'no status';
  }
}
