/** A configuration to a plan that the core can build: names become plugins, what a listener does not say it takes from the top level. */
import type { PluginUse } from '@mailverb/contract';
import type { Issue, ListenerPlan, ServerPlan } from '@mailverb/core';
import {
  DEFAULT_ADDRESS,
  DEFAULT_DEADLINE_MS,
  defaultList,
  LISTS,
  type ListenerFeatures,
  type ListKey,
} from '../configuration/defaults.js';
import { indexPath, keyPath } from '../configuration/path.js';
import type { CheckedConfiguration, Configuration, Entry, ListenerConfiguration } from '../configuration/shape.js';
import type { CheckedTls } from '../configuration/tls-shape.js';
import { builtinNames } from '../plugins/builtins.js';
import { isPerListener } from '../plugins/contributions.js';
import { listenerIssues } from './check-listeners.js';
import type { EntryReader, ReadEntry } from './entries.js';
import { planTls } from './listener-tls.js';
import { socketNamed, type InheritedSockets } from './sockets.js';
import { storeEntry, storeIssues } from './store.js';

/** What a configuration asks for. */
export interface Planned {
  readonly plan: ServerPlan;
  readonly deadlineMs: number;
  readonly issues: readonly Issue[];
  /** Paths of the core's messages, and where the same thing stands in the configuration. */
  readonly moved: ReadonlyMap<string, string>;
}

/** What decides beside the configuration. */
export interface PlanContext {
  /** For a configuration that says none. */
  readonly hostname: string;
  /** How many processes there will be. */
  readonly processes: number;
  /** Undefined where nothing will listen. */
  readonly sockets: InheritedSockets | undefined;
  /** Paths of values that were left out because they are wrong: they are not missing. */
  readonly wrong: ReadonlySet<string>;
}

/** What listeners share. */
interface TopLevel {
  readonly configuration: Configuration;
  readonly tls: CheckedTls | undefined;
  /** Lists that were written there. */
  readonly lists: ReadonlyMap<ListKey, readonly PluginUse[]>;
  readonly auth: readonly PluginUse[];
  readonly mechanisms: readonly PluginUse[] | undefined;
  /** Of the top level's `plugins`, those that each listener has an instance of. */
  readonly plugins: readonly ReadEntry[];
  readonly delivery: PluginUse | undefined;
}

/** One listener of the configuration. */
interface WrittenListener {
  readonly index: number;
  readonly written: ListenerConfiguration;
  readonly checked: NonNullable<CheckedConfiguration['listeners']>[number] | undefined;
}

interface PlannedListener {
  readonly hasAuth: boolean;
  readonly plan: ListenerPlan;
  readonly issues: readonly Issue[];
  readonly moved: ReadonlyMap<string, string>;
}

const uses = (entries: readonly ReadEntry[]): readonly PluginUse[] => entries.map(({ use }) => use);

/** Reads every entry, and says what is wrong. */
export async function buildPlan(
  configuration: Configuration,
  checked: CheckedConfiguration,
  entries: EntryReader,
  context: PlanContext,
): Promise<Planned> {
  const logger = await entries.one('logger', configuration.logger ?? 'pino', 'logger');
  const observers = await entries.list('observer', configuration.observers ?? [], 'observers');
  const plugins = await entries.list('plugin', configuration.plugins ?? [], 'plugins');
  const top: TopLevel = {
    configuration,
    tls: checked.tls,
    // Read even if every listener has its own: a mistake in it is a mistake.
    lists: await writtenLists(configuration, entries),
    auth: await readAuth(configuration.auth, 'auth', entries),
    mechanisms:
      configuration.mechanisms && uses(await entries.list('mechanism', configuration.mechanisms, 'mechanisms')),
    plugins: plugins.filter(({ contributions }) => isPerListener(contributions)),
    delivery:
      configuration.delivery === undefined
        ? undefined
        : (await entries.one('delivery', configuration.delivery, 'delivery'))?.use,
  };
  const listeners: PlannedListener[] = [];
  for (const [index, written] of (configuration.listeners ?? [DEFAULT_ADDRESS]).entries()) {
    listeners.push(await planListener({ index, written, checked: checked.listeners?.[index] }, top, entries, context));
  }

  const shared = [
    ...(logger === undefined ? [] : [logger]),
    ...plugins.filter(({ contributions }) => !isPerListener(contributions)),
    ...observers,
  ];
  const all = [...uses(shared), ...listeners.flatMap(({ plan }) => [...plan.plugins, ...optional(plan.delivery)])];
  const provided = shared.some(({ contributions }) => contributions.some(({ kind }) => kind === 'store'));
  const wanted = storeEntry(configuration.store, all, provided, context.processes);
  const store = wanted === undefined ? undefined : await entries.one('store', wanted, 'store');

  return {
    issues: [
      ...entries.issues,
      ...listeners.flatMap(({ issues }) => issues),
      ...storeIssues(store, all, context.processes),
      ...topLevelIssues(configuration, listeners),
    ],
    deadlineMs: checked.shutdown?.deadline ?? DEFAULT_DEADLINE_MS,
    moved: new Map(listeners.flatMap(({ moved }) => [...moved])),
    plan: {
      hostname: configuration.hostname ?? context.hostname,
      plugins: [...uses(shared), ...(store === undefined ? [] : [store.use])],
      listeners: listeners.map(({ plan }) => plan),
      ...(checked.spool === undefined ? {} : { spool: checked.spool }),
    },
  };
}

// Keys that would have no effect are mistakes (defect K6).
function topLevelIssues(
  { mechanisms, auth, group, user, greeting }: Configuration,
  listeners: readonly PlannedListener[],
): readonly Issue[] {
  const issues: Issue[] = [];
  if (mechanisms !== undefined && auth === undefined && !listeners.some(({ hasAuth }) => hasAuth)) {
    issues.push({ path: 'mechanisms', message: 'has no effect without auth' });
  }
  if (group !== undefined && user === undefined) {
    issues.push({ path: 'group', message: 'has no effect without user' });
  }
  if (greeting !== undefined && listeners.every(({ plan }) => plan.protocol === 'lmtp')) {
    issues.push({ path: 'greeting', message: 'has no effect on listeners of LMTP, which need their own' });
  }
  return issues;
}

async function writtenLists(configuration: Configuration, entries: EntryReader): Promise<TopLevel['lists']> {
  const lists = new Map<ListKey, readonly PluginUse[]>();
  for (const key of Object.keys(LISTS) as ListKey[]) {
    const list = configuration[key];
    if (list !== undefined) lists.set(key, uses(await entries.list(LISTS[key], list, key)));
  }
  return lists;
}

/** One authenticator, or a list of them. */
async function readAuth(
  written: Configuration['auth'],
  path: string,
  entries: EntryReader,
): Promise<readonly PluginUse[]> {
  if (written === undefined) return [];
  if (Array.isArray(written)) return uses(await entries.list('authenticator', written, path));
  return optional((await entries.one('authenticator', written, path))?.use);
}

async function planListener(
  { index, written, checked }: WrittenListener,
  top: TopLevel,
  entries: EntryReader,
  context: PlanContext,
): Promise<PlannedListener> {
  const path = indexPath('listeners', index);
  const { wrong } = context;
  const added = [...top.plugins, ...(await entries.list('plugin', written.plugins ?? [], keyPath(path, 'plugins')))];
  const auth = written.auth === undefined ? top.auth : await readAuth(written.auth, keyPath(path, 'auth'), entries);
  // One that could not be made sense of is a mistake of its own: nobody is told that there is none.
  const hasAuth = saysAuth(written.auth ?? top.configuration.auth) || contribute(added, 'authenticator');
  const tls = planTls(
    { tls: top.tls, path: 'tls' },
    { tls: checked?.tls, path: keyPath(path, 'tls') },
    written.port,
    wrong,
  );
  const features: ListenerFeatures = {
    lmtp: written.protocol === 'lmtp',
    starttls: tls.plan?.mode === 'starttls',
    auth: hasAuth,
    trustedPeers: written.trustedPeers !== undefined,
  };
  const listOf = async (key: ListKey): Promise<readonly PluginUse[]> => {
    const own = written[key];
    if (own !== undefined) return uses(await entries.list(LISTS[key], own, keyPath(path, key)));
    return top.lists.get(key) ?? uses(await entries.list(LISTS[key], defaultList(key, features), key));
  };
  const plugins = [
    ...(await listOf('verbs')),
    ...(await listOf('extensions')),
    ...(await mechanismsOf(written.mechanisms, path, hasAuth, top, entries)),
    ...auth,
    ...(await listOf('policies')),
    ...(await listOf('transforms')),
    // Last, so that one of them may claim a verb for itself.
    ...uses(added),
  ];
  const delivery =
    written.delivery === undefined
      ? top.delivery
      : (await entries.one('delivery', written.delivery, keyPath(path, 'delivery')))?.use;
  const { host, port, path: socket, protocol, hostname, minimumDurability, bareNewlines } = written;
  const inherited =
    written.systemd === undefined ? undefined : socketNamed(written.systemd, context.sockets, keyPath(path, 'systemd'));
  return {
    hasAuth,
    issues: [
      ...listenerIssues({ listener: written, index, hasAuth }, wrong),
      ...tls.issues,
      ...optional(inherited?.issue),
    ],
    moved: tls.moved,
    plan: {
      name: written.name ?? defaultName(written),
      host,
      port,
      path: socket,
      fd: inherited?.fd,
      tls: tls.plan,
      trustedPeers: checked?.trustedPeers,
      proxyProtocol: written.proxyProtocol,
      authWithoutTls: written.authWithoutTls,
      protocol,
      hostname,
      // The top level's begins with ESMTP where people do as they are used to: that is none for LMTP.
      greeting: written.greeting ?? (features.lmtp ? undefined : top.configuration.greeting),
      minimumDurability,
      bareNewlines,
      plugins,
      delivery,
      limits: { ...top.configuration.limits, ...written.limits },
      timeouts: { ...top.configuration.timeouts, ...written.timeouts },
      configPath: path,
    },
  };
}

// Without anybody to ask, a mechanism has nothing to do, and is not loaded.
async function mechanismsOf(
  own: readonly Entry[] | undefined,
  path: string,
  hasAuth: boolean,
  top: TopLevel,
  entries: EntryReader,
): Promise<readonly PluginUse[]> {
  if (own !== undefined) return uses(await entries.list('mechanism', own, keyPath(path, 'mechanisms')));
  if (!hasAuth) return [];
  return top.mechanisms ?? uses(await entries.list('mechanism', builtinNames('mechanism'), 'mechanisms'));
}

function saysAuth(auth: Configuration['auth']): boolean {
  return Array.isArray(auth) ? auth.length > 0 : auth !== undefined;
}

function contribute(entries: readonly ReadEntry[], kind: string): boolean {
  return entries.some(({ contributions }) => contributions.some((one) => one.kind === kind));
}

function optional<T>(value: T | undefined): readonly T[] {
  return value === undefined ? [] : [value];
}

function defaultName({ protocol = 'smtp', host, port, path, systemd }: ListenerConfiguration): string {
  if (path !== undefined) return `${protocol} ${path}`;
  if (systemd !== undefined) return `${protocol}-${systemd}`;
  return host === undefined || port !== 0 ? `${protocol}-${port ?? ''}` : `${protocol}-${host}`;
}
