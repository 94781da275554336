/** What a plugin contributes, found out by a rehearsal: `register` does no I/O and makes no choices, so it may be called with a recorder. */
import { Logger, tokenName, type Contribute, type Plugin } from '@mailverb/contract';
import type { EntryKind } from '../configuration/shape.js';

/** A kind of contribution. A service at the token `Logger` is a logger. */
export type ContributedKind = Exclude<EntryKind, 'plugin'> | 'service' | 'hook';

/** Kind and name of one contribution. */
export interface Contributed {
  readonly kind: ContributedKind;
  readonly name: string;
}

/** Where a kind belongs in the configuration. */
export const BELONGS: Readonly<Record<ContributedKind, string>> = {
  verb: 'verbs',
  extension: 'extensions',
  policy: 'policies',
  transform: 'transforms',
  delivery: 'delivery',
  observer: 'observers',
  logger: 'logger',
  mechanism: 'mechanisms',
  authenticator: 'auth',
  store: 'store',
  service: 'plugins',
  hook: 'plugins',
};

/** Kinds that belong to one listener: a plugin that contributes one is built for each. */
const LISTENER_KINDS: ReadonlySet<ContributedKind> = new Set([
  'verb',
  'extension',
  'policy',
  'transform',
  'mechanism',
  'authenticator',
]);

/** True if a plugin at the top level must be built for every listener, and can't be shared by them. */
export function isPerListener(contributions: readonly Contributed[]): boolean {
  return contributions.some(({ kind }) => LISTENER_KINDS.has(kind));
}

/** Calls `register` with a recorder. Throws what it throws. */
export function rehearse(plugin: Plugin): readonly Contributed[] {
  const seen: Contributed[] = [];
  const add = (kind: ContributedKind, name: string): void => void seen.push({ kind, name });
  const recorder: Contribute = {
    verb: (verb) => add('verb', nameOf(verb)),
    extension: (extension) => add('extension', nameOf(extension)),
    policy: (name) => add('policy', name),
    transform: (name) => add('transform', name),
    delivery: (name) => add('delivery', name),
    mechanism: (mechanism) => add('mechanism', nameOf(mechanism)),
    authenticator: () => add('authenticator', 'authenticator'),
    store: () => add('store', 'store'),
    observer: (name) => add('observer', name),
    service: (key) => add(key === Logger ? 'logger' : 'service', tokenName(key)),
    onStart: () => add('hook', 'onStart'),
    onStop: () => add('hook', 'onStop'),
  };
  plugin.register(recorder);
  return seen;
}

function nameOf(contribution: unknown): string {
  if (typeof contribution === 'function') return contribution.name;
  if (typeof contribution !== 'object' || contribution === null) return '';
  for (const key of ['name', 'keyword'] as const) {
    const value = (contribution as Readonly<Record<string, unknown>>)[key];
    if (typeof value === 'string') return value;
  }
  return '';
}
