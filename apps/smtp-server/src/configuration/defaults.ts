/** What a configuration need not say. */
import { parseHost } from '@mailverb/protocol';
import { builtinNames } from '../plugins/builtins.js';
import type { Configuration, Entry } from './shape.js';

/** The lists that a listener takes from the top level. */
export const LISTS = { verbs: 'verb', extensions: 'extension', policies: 'policy', transforms: 'transform' } as const;

/** The key of one of {@link LISTS}. */
export type ListKey = keyof typeof LISTS;

/** What decides about a listener's defaults. */
export interface ListenerFeatures {
  readonly lmtp: boolean;
  /** Clients may ask for encryption: not so where they begin with it. */
  readonly starttls: boolean;
  readonly auth: boolean;
  readonly trustedPeers: boolean;
}

/** Verbs and EHLO keywords that are of no use in every listener. What a listener does not use is not loaded for it. */
const ONLY_WHERE: ReadonlyMap<string, (features: ListenerFeatures) => boolean> = new Map([
  ['helo', ({ lmtp }) => !lmtp],
  ['ehlo', ({ lmtp }) => !lmtp],
  ['lhlo', ({ lmtp }) => lmtp],
  ['starttls', ({ starttls }) => starttls],
  ['auth', ({ auth }) => auth],
  ['xclient', ({ trustedPeers }) => trustedPeers],
  ['xforward', ({ trustedPeers }) => trustedPeers],
]);

/** What stands in a list that nobody has written. */
export function defaultList(key: ListKey, features: ListenerFeatures): readonly Entry[] {
  if (key === 'policies') return [];
  if (key === 'transforms') return ['received'];
  return builtinNames(LISTS[key]).filter((name) => ONLY_WHERE.get(name)?.(features) ?? true);
}

/** The port of submission over TLS (RFC 8314 3.3): there everybody begins with the handshake. */
export const IMPLICIT_TLS_PORT = 465;

/** Where a configuration without listeners listens: this machine only, no privilege needed. */
export const DEFAULT_ADDRESS = { host: '127.0.0.1', port: 2525 } as const;

/** How long open transactions may take to finish on shutdown. */
export const DEFAULT_DEADLINE_MS = 30_000;

/** The configuration of a server that was given none: mail for anybody, into one Maildir. */
export const ZERO_CONFIGURATION: Configuration = {
  logger: { use: 'pino', format: 'pretty' },
  policies: [{ use: 'recipients', any: true }],
  delivery: { use: 'maildir', path: './var/mail', transforms: ['return-path'] },
};

/** The machine's name where it is a domain, which a bare or invalid host name is not for the outside world, but will do in a greeting. */
export function defaultHostname(machine: string): string {
  return parseHost(machine)?.kind === 'domain' ? machine : 'localhost';
}
