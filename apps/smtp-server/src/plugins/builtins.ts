/**
 * The built-in plugins by kind and short name. The table is all that a name costs: a package is only loaded when something uses it.
 */
import type { EntryKind } from '../configuration/shape.js';

/** A kind that built-in plugins have. */
export type BuiltinKind = Exclude<EntryKind, 'plugin'>;

type Load = () => Promise<unknown>;

const TABLE: Readonly<Record<BuiltinKind, ReadonlyMap<string, Load>>> = {
  verb: new Map<string, Load>([
    ['helo', () => import('@mailverb/verb-helo')],
    ['ehlo', () => import('@mailverb/verb-ehlo')],
    ['lhlo', () => import('@mailverb/verb-lhlo')],
    ['starttls', () => import('@mailverb/verb-starttls')],
    ['auth', () => import('@mailverb/verb-auth')],
    ['mail', () => import('@mailverb/verb-mail')],
    ['rcpt', () => import('@mailverb/verb-rcpt')],
    ['data', () => import('@mailverb/verb-data')],
    ['bdat', () => import('@mailverb/verb-bdat')],
    ['rset', () => import('@mailverb/verb-rset')],
    ['noop', () => import('@mailverb/verb-noop')],
    ['quit', () => import('@mailverb/verb-quit')],
    ['vrfy', () => import('@mailverb/verb-vrfy')],
    ['expn', () => import('@mailverb/verb-expn')],
    ['help', () => import('@mailverb/verb-help')],
    ['xclient', () => import('@mailverb/verb-xclient')],
    ['xforward', () => import('@mailverb/verb-xforward')],
  ]),
  extension: new Map<string, Load>([
    ['pipelining', () => import('@mailverb/extension-pipelining')],
    ['size', () => import('@mailverb/extension-size')],
    ['8bitmime', () => import('@mailverb/extension-8bitmime')],
    ['smtputf8', () => import('@mailverb/extension-smtputf8')],
    ['enhancedstatuscodes', () => import('@mailverb/extension-enhancedstatuscodes')],
    ['chunking', () => import('@mailverb/extension-chunking')],
    ['binarymime', () => import('@mailverb/extension-binarymime')],
    ['dsn', () => import('@mailverb/extension-dsn')],
    ['limits', () => import('@mailverb/extension-limits')],
    ['starttls', () => import('@mailverb/extension-starttls')],
    ['auth', () => import('@mailverb/extension-auth')],
    ['xclient', () => import('@mailverb/extension-xclient')],
    ['xforward', () => import('@mailverb/extension-xforward')],
  ]),
  policy: new Map<string, Load>([
    ['recipients', () => import('@mailverb/policy-recipients')],
    ['relay-control', () => import('@mailverb/policy-relay-control')],
    ['helo-check', () => import('@mailverb/policy-helo-check')],
    ['unless', () => import('@mailverb/policy-unless')],
    ['require', () => import('@mailverb/policy-require')],
    ['sender-login', () => import('@mailverb/policy-sender-login')],
    ['rate-limit', () => import('@mailverb/policy-rate-limit')],
    ['greylist', () => import('@mailverb/policy-greylist')],
    ['delay', () => import('@mailverb/policy-delay')],
    ['call-ahead', () => import('@mailverb/policy-call-ahead')],
    ['dnsbl', () => import('@mailverb/policy-dnsbl')],
    ['fcrdns', () => import('@mailverb/policy-fcrdns')],
  ]),
  transform: new Map<string, Load>([
    ['received', () => import('@mailverb/transform-received')],
    ['return-path', () => import('@mailverb/transform-return-path')],
    ['submission', () => import('@mailverb/transform-submission')],
  ]),
  delivery: new Map<string, Load>([
    ['maildir', () => import('@mailverb/delivery-maildir')],
    ['mbox', () => import('@mailverb/delivery-mbox')],
    ['memory', () => import('@mailverb/delivery-memory')],
    ['discard', () => import('@mailverb/delivery-discard')],
    ['router', () => import('@mailverb/delivery-router')],
    ['tee', () => import('@mailverb/delivery-tee')],
    ['fallback', () => import('@mailverb/delivery-fallback')],
    ['mirror', () => import('@mailverb/delivery-mirror')],
    ['forward', () => import('@mailverb/delivery-forward')],
    ['rewrite', () => import('@mailverb/delivery-rewrite')],
    ['nats', () => import('@mailverb/delivery-nats')],
    ['amqp', () => import('@mailverb/delivery-amqp')],
    ['lmtp', () => import('@mailverb/delivery-lmtp')],
    ['proxy', () => import('@mailverb/proxy-smtp')],
    ['relay', () => import('@mailverb/delivery-relay')],
    ['mx', () => import('@mailverb/delivery-mx')],
    ['webhook', () => import('@mailverb/delivery-webhook')],
    ['pipe', () => import('@mailverb/delivery-pipe')],
    ['s3', () => import('@mailverb/delivery-s3')],
  ]),
  // In the order in which they are offered: what tells the server least comes first.
  mechanism: new Map<string, Load>([
    ['scram', () => import('@mailverb/sasl-scram')],
    ['plain', () => import('@mailverb/sasl-plain')],
    ['login', () => import('@mailverb/sasl-login')],
    ['oauth', () => import('@mailverb/sasl-oauth')],
    ['external', () => import('@mailverb/sasl-external')],
  ]),
  authenticator: new Map<string, Load>([
    ['static', () => import('@mailverb/auth-static')],
    ['ldap', () => import('@mailverb/auth-ldap')],
    ['http', () => import('@mailverb/auth-http')],
    ['jwt', () => import('@mailverb/auth-jwt')],
    ['smtp', () => import('@mailverb/auth-smtp')],
  ]),
  store: new Map<string, Load>([
    ['memory', () => import('@mailverb/store-memory')],
    ['lmdb', () => import('@mailverb/store-lmdb')],
    ['redis', () => import('@mailverb/store-redis')],
  ]),
  logger: new Map<string, Load>([
    ['pino', () => import('@mailverb/logging-pino')],
    ['console', () => import('@mailverb/logging-console')],
  ]),
  observer: new Map<string, Load>([
    ['audit', () => import('@mailverb/logging-audit')],
    ['transcript', () => import('@mailverb/logging-transcript')],
    ['metrics', () => import('@mailverb/logging-metrics')],
  ]),
};

/** The kinds, in the order of a configuration. */
export const BUILTIN_KINDS = Object.keys(TABLE) as readonly BuiltinKind[];

/** A built-in plugin that was looked up, not loaded yet. */
export interface Builtin {
  readonly kind: BuiltinKind;
  readonly name: string;
  load(): Promise<unknown>;
}

/** The names of a kind, or of all (`plugin`), in the order in which they are used by default. */
export function builtinNames(kind: EntryKind): readonly string[] {
  return kind === 'plugin' ? [...anyKind().keys()] : [...TABLE[kind].keys()];
}

/** The built-in of this name and kind; for `plugin`, of any kind: where several kinds have the name, it is `verb-auth`, `extension-auth`. */
export function findBuiltin(kind: EntryKind, name: string): Builtin | undefined {
  if (kind === 'plugin') return anyKind().get(name);
  const load = TABLE[kind].get(name);
  return load && { kind, name, load };
}

/** The kinds of which there is a built-in of this name. */
export function builtinKinds(name: string): readonly BuiltinKind[] {
  return BUILTIN_KINDS.filter((kind) => TABLE[kind].has(name));
}

/** What a built-in is called where any kind may stand. */
export function nameAmongAll(kind: BuiltinKind, name: string): string {
  return builtinKinds(name).length === 1 ? name : `${kind}-${name}`;
}

function anyKind(): ReadonlyMap<string, Builtin> {
  return new Map(
    BUILTIN_KINDS.flatMap((kind) =>
      [...TABLE[kind]].map(([name, load]): [string, Builtin] => [nameAmongAll(kind, name), { kind, name, load }]),
    ),
  );
}
