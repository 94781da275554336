/** Which mechanism to use, of those that the server offers and the credentials are good for. */
import type { ChannelBinding, ScramHash } from '@mailverb/contract';
import type { ClientCredentials, PasswordCredentials } from './credentials.js';
import { ExternalClient } from './external.js';
import { LoginClient } from './login.js';
import type { ClientMechanism } from './mechanism.js';
import { OauthBearerClient, Xoauth2Client } from './oauth.js';
import { PlainClient } from './plain.js';
import { ScramClient, type ScramBinding } from './scram.js';

/** What is known of the connection, and what is allowed on it. */
export interface ChooseOptions {
  /** True over TLS. */
  readonly encrypted: boolean;
  /** What binds to this TLS connection; undefined for a type that does not. Absent if nothing does. */
  readonly channelBinding?: ((type: ChannelBinding) => Uint8Array | undefined) | undefined;
  /** True lets passwords and tokens be said in clear. Default false. */
  readonly allowPlaintext?: boolean | undefined;
  /** Only these, by their names. Default any. */
  readonly allowed?: ReadonlySet<string> | undefined;
}

interface Candidate {
  readonly name: string;
  make(): ClientMechanism;
}

// RFC 9266 1: what TLS 1.3 has; the other is for before.
const BINDINGS: readonly ChannelBinding[] = ['tls-exporter', 'tls-server-end-point'];
const HASHES: readonly ScramHash[] = ['SHA-256', 'SHA-1'];

/**
 * The strongest, or undefined if there is none that may be used.
 * @param offered as EHLO has them, in upper case.
 */
export function chooseMechanism(
  offered: ReadonlySet<string>,
  credentials: ClientCredentials,
  options: ChooseOptions,
): ClientMechanism | undefined {
  const { allowed } = options;
  return candidates(offered, credentials, options)
    .find(({ name }) => offered.has(name) && (allowed === undefined || allowed.has(name)))
    ?.make();
}

/** From the strongest to the weakest. */
function candidates(
  offered: ReadonlySet<string>,
  credentials: ClientCredentials,
  options: ChooseOptions,
): readonly Candidate[] {
  if ('external' in credentials) return [{ name: 'EXTERNAL', make: () => new ExternalClient(credentials) }];
  // Whoever listens has them then (attack A5: the one who took STARTTLS away, too).
  const sayable = options.encrypted || options.allowPlaintext === true;
  if ('token' in credentials) {
    return sayable
      ? [
          { name: 'OAUTHBEARER', make: () => new OauthBearerClient(credentials) },
          { name: 'XOAUTH2', make: () => new Xoauth2Client(credentials) },
        ]
      : [];
  }
  const scram = scramCandidates(offered, credentials, options);
  if (!sayable) return scram;
  const plain = { name: 'PLAIN', make: () => new PlainClient(credentials) };
  // LOGIN has no place for an authorization identity: to leave it out would be to act as somebody else.
  const { authzid = '' } = credentials;
  return authzid === ''
    ? [...scram, plain, { name: 'LOGIN', make: () => new LoginClient(credentials) }]
    : [...scram, plain];
}

function scramCandidates(
  offered: ReadonlySet<string>,
  credentials: PasswordCredentials,
  { encrypted, channelBinding }: ChooseOptions,
): readonly Candidate[] {
  const bound = encrypted && channelBinding !== undefined ? boundBy(channelBinding) : undefined;
  const form = (hash: ScramHash, binding: ScramBinding): Candidate => {
    const name = `SCRAM-${hash}${typeof binding === 'string' ? '' : '-PLUS'}`;
    return { name, make: () => new ScramClient(hash, credentials, binding) };
  };
  if (bound === undefined) return HASHES.map((hash) => form(hash, 'no'));
  // RFC 5802 6: a server that did offer one then knows that somebody took it away. Where we see one and may not use it, we must not say that.
  const unbound = HASHES.some((hash) => offered.has(`SCRAM-${hash}-PLUS`)) ? 'no' : 'could';
  return [...HASHES.map((hash) => form(hash, bound)), ...HASHES.map((hash) => form(hash, unbound))];
}

function boundBy(channelBinding: (type: ChannelBinding) => Uint8Array | undefined): ScramBinding | undefined {
  for (const type of BINDINGS) {
    const data = channelBinding(type);
    if (data !== undefined) return { type, data };
  }
  return undefined;
}
