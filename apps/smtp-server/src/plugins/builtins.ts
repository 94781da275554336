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
  ]),
  policy: new Map<string, Load>([
    ['recipients', () => import('@mailverb/policy-recipients')],
    ['relay-control', () => import('@mailverb/policy-relay-control')],
    ['helo-check', () => import('@mailverb/policy-helo-check')],
    ['unless', () => import('@mailverb/policy-unless')],
  ]),
  transform: new Map<string, Load>([
    ['received', () => import('@mailverb/transform-received')],
    ['return-path', () => import('@mailverb/transform-return-path')],
  ]),
  delivery: new Map<string, Load>([
    ['maildir', () => import('@mailverb/delivery-maildir')],
    ['mbox', () => import('@mailverb/delivery-mbox')],
    ['memory', () => import('@mailverb/delivery-memory')],
    ['discard', () => import('@mailverb/delivery-discard')],
    ['router', () => import('@mailverb/delivery-router')],
    ['tee', () => import('@mailverb/delivery-tee')],
    ['fallback', () => import('@mailverb/delivery-fallback')],
  ]),
  logger: new Map<string, Load>([
    ['pino', () => import('@mailverb/logging-pino')],
    ['console', () => import('@mailverb/logging-console')],
  ]),
  observer: new Map<string, Load>([
    ['audit', () => import('@mailverb/logging-audit')],
    ['transcript', () => import('@mailverb/logging-transcript')],
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
  return kind === 'plugin' ? BUILTIN_KINDS.flatMap((one) => [...TABLE[one].keys()]) : [...TABLE[kind].keys()];
}

/** The built-in of this name and kind; for `plugin`, of any kind. */
export function findBuiltin(kind: EntryKind, name: string): Builtin | undefined {
  for (const one of kind === 'plugin' ? BUILTIN_KINDS : [kind]) {
    const load = TABLE[one].get(name);
    if (load !== undefined) return { kind: one, name, load };
  }
  return undefined;
}
