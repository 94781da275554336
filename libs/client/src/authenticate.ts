/** AUTH from the client's side (RFC 4954): the lines around a SASL exchange. Nothing of it is in an error or a log. */
import { MAX_REPLY_LINE, type Reply } from '@mailverb/protocol';
import { decodeBase64, encodeBase64 } from '@mailverb/sasl-text';
import type { ClientConnection } from './connection.js';
import { ClientError } from './errors.js';
import { chooseMechanism, type ClientCredentials, type ClientExchange } from './sasl/index.js';
import type { ClientSettings } from './settings.js';

/** More challenges than any mechanism has. */
const MAX_STEPS = 8;

/** Proves who we are. @throws {ClientError} `auth`, also where nothing that is offered can be used; `refused` is what the server said. */
export async function authenticate(
  connection: ClientConnection,
  credentials: ClientCredentials,
  { timeouts, tls }: Pick<ClientSettings, 'timeouts' | 'tls'>,
  allowPlaintext = false,
): Promise<void> {
  const { capabilities, peer } = connection;
  // With whom, nobody has looked: whoever stands between has the password (attack A5).
  const encrypted = connection.encrypted && tls.mode !== 'opportunistic';
  const mechanism = chooseMechanism(new Set(capabilities.words('AUTH')), credentials, {
    encrypted,
    allowPlaintext,
    channelBinding: (type) => connection.channelBinding(type),
  });
  if (mechanism === undefined) {
    const offered = capabilities.words('AUTH').join(' ') || 'nothing';
    throw new ClientError(
      'auth',
      'auth',
      `${peer}: offers no mechanism that we can use${encrypted ? '' : ' without TLS to a server whose certificate was checked'} (${offered})`,
    );
  }
  try {
    // A token has to be fetched, perhaps from somebody who does not answer.
    const exchange = await mechanism.begin(AbortSignal.timeout(timeouts.hello));
    const answer = await converse(connection, mechanism.name, exchange, timeouts.hello);
    if (answer.code !== 235)
      throw new ClientError('auth', 'auth', `${peer}: said ${String(answer)} to AUTH ${mechanism.name}`, answer);
    exchange.finish();
    connection.authenticated = true;
  } catch (error) {
    if (error instanceof ClientError) throw error;
    const why = error instanceof Error ? error.message : 'the exchange failed';
    throw new ClientError('auth', 'auth', `${peer}: AUTH ${mechanism.name}: ${why}`, undefined, { cause: error });
  }
}

async function converse(
  connection: ClientConnection,
  name: string,
  exchange: ClientExchange,
  ms: number,
): Promise<Reply> {
  let pending = exchange.initial;
  let command = `AUTH ${name}`;
  if (pending !== undefined) {
    const initial = pending.length === 0 ? '=' : encodeBase64(pending);
    // RFC 4954 4: what makes the command too long is sent as the answer to an empty challenge.
    if (command.length + 1 + initial.length + 2 <= MAX_REPLY_LINE) {
      command += ` ${initial}`;
      pending = undefined;
    }
  }
  let answer = await connection.ask(command, 'auth', ms);
  for (let step = 0; answer.code === 334; step++) {
    if (step === MAX_STEPS) throw new Error('challenges without end');
    answer = await connection.ask(encodeBase64(await respond(exchange, pending, answer)), 'auth', ms);
    pending = undefined;
  }
  return answer;
}

function respond(exchange: ClientExchange, pending: Uint8Array | undefined, { lines }: Reply) {
  const challenge = decodeBase64(lines.join(''));
  if (challenge === undefined) throw new Error('a challenge that is not base64');
  if (pending !== undefined) {
    if (challenge.length > 0) throw new Error('a challenge where an empty one was due');
    return pending;
  }
  return exchange.respond(challenge);
}
