/** A configuration to a plan that the core can build: names become plugins, what a listener does not say it takes from the top level. */
import type { PluginUse } from '@mailverb/contract';
import type { Issue, ListenerPlan, ServerPlan } from '@mailverb/core';
import { DEFAULT_ADDRESS, DEFAULT_DEADLINE_MS, DEFAULT_LISTS, LISTS, type ListKey } from '../configuration/defaults.js';
import { indexPath, keyPath } from '../configuration/path.js';
import type { CheckedConfiguration, Configuration, ListenerConfiguration } from '../configuration/shape.js';
import { isPerListener } from '../plugins/contributions.js';
import type { EntryReader, ReadEntry } from './entries.js';

/** What a configuration asks for. */
export interface Planned {
  readonly plan: ServerPlan;
  readonly deadlineMs: number;
  readonly issues: readonly Issue[];
}

/** What listeners share. */
interface TopLevel {
  readonly configuration: Configuration;
  readonly lists: Readonly<Record<ListKey, readonly PluginUse[]>>;
  /** Of the top level's `plugins`, those that each listener has an instance of. */
  readonly plugins: readonly PluginUse[];
  readonly delivery: PluginUse | undefined;
}

const uses = (entries: readonly ReadEntry[]): readonly PluginUse[] => entries.map(({ use }) => use);

/**
 * @param hostname for a configuration that says none.
 * @param wrong paths of values that were left out because they are wrong: they are not missing.
 */
export async function buildPlan(
  configuration: Configuration,
  checked: CheckedConfiguration,
  entries: EntryReader,
  hostname: string,
  wrong: ReadonlySet<string> = new Set(),
): Promise<Planned> {
  const logger = await entries.one('logger', configuration.logger ?? 'pino', 'logger');
  const observers = await entries.list('observer', configuration.observers ?? [], 'observers');
  const plugins = await entries.list('plugin', configuration.plugins ?? [], 'plugins');
  const written = configuration.listeners ?? [DEFAULT_ADDRESS];

  const top: TopLevel = {
    configuration,
    lists: await topLists(configuration, written, entries),
    plugins: uses(plugins.filter(({ contributions }) => isPerListener(contributions))),
    // Read even if every listener has its own: a mistake in it is a mistake.
    delivery:
      configuration.delivery === undefined
        ? undefined
        : (await entries.one('delivery', configuration.delivery, 'delivery'))?.use,
  };
  const listeners: ListenerPlan[] = [];
  for (const [i, listener] of written.entries()) listeners.push(await planListener(listener, i, top, entries));

  const issues = [...entries.issues, ...addressIssues(written, wrong)];
  return {
    issues,
    deadlineMs: checked.shutdown?.deadline ?? DEFAULT_DEADLINE_MS,
    plan: {
      hostname: configuration.hostname ?? hostname,
      plugins: [
        ...(logger === undefined ? [] : [logger.use]),
        ...uses(plugins.filter(({ contributions }) => !isPerListener(contributions))),
        ...uses(observers),
      ],
      listeners,
      ...(checked.spool === undefined ? {} : { spool: checked.spool }),
    },
  };
}

// A list that every listener replaces is still read if it was written, and a default only if somebody uses it: loading is not free.
async function topLists(
  configuration: Configuration,
  listeners: readonly ListenerConfiguration[],
  entries: EntryReader,
): Promise<TopLevel['lists']> {
  const read = async (key: ListKey) => {
    const list = configuration[key] ?? (listeners.every((one) => one[key] !== undefined) ? [] : DEFAULT_LISTS[key]);
    return uses(await entries.list(LISTS[key], list, key));
  };
  return {
    verbs: await read('verbs'),
    extensions: await read('extensions'),
    policies: await read('policies'),
    transforms: await read('transforms'),
  };
}

async function planListener(
  listener: ListenerConfiguration,
  index: number,
  top: TopLevel,
  entries: EntryReader,
): Promise<ListenerPlan> {
  const path = indexPath('listeners', index);
  const listOf = async (key: ListKey) => {
    const own = listener[key];
    return own === undefined ? top.lists[key] : uses(await entries.list(LISTS[key], own, keyPath(path, key)));
  };
  const plugins = [
    ...(await listOf('verbs')),
    ...(await listOf('extensions')),
    ...(await listOf('policies')),
    ...(await listOf('transforms')),
    // Last, so that one of them may claim a verb for itself.
    ...top.plugins,
    ...uses(await entries.list('plugin', listener.plugins ?? [], keyPath(path, 'plugins'))),
  ];
  const delivery =
    listener.delivery === undefined
      ? top.delivery
      : (await entries.one('delivery', listener.delivery, keyPath(path, 'delivery')))?.use;
  const { host, port, path: socket, protocol, hostname, minimumDurability, bareNewlines } = listener;
  return {
    name: listener.name ?? defaultName(listener),
    host,
    port,
    path: socket,
    protocol,
    hostname,
    minimumDurability,
    bareNewlines,
    plugins,
    delivery,
    limits: { ...top.configuration.limits, ...listener.limits },
    timeouts: { ...top.configuration.timeouts, ...listener.timeouts },
    configPath: path,
  };
}

function defaultName({ protocol = 'smtp', host, port, path }: ListenerConfiguration): string {
  if (path !== undefined) return `${protocol} ${path}`;
  return host === undefined || port !== 0 ? `${protocol}-${port ?? ''}` : `${protocol}-${host}`;
}

function addressIssues(listeners: readonly ListenerConfiguration[], wrong: ReadonlySet<string>): Issue[] {
  const issues: Issue[] = [];
  for (const [i, { host, port, path }] of listeners.entries()) {
    const at = indexPath('listeners', i);
    if (wrong.has(keyPath(at, 'port')) || wrong.has(keyPath(at, 'path'))) continue;
    if (port === undefined && path === undefined) {
      issues.push({ path: at, message: 'missing: expected a port, or the path of a unix socket' });
    } else if (path !== undefined && (port !== undefined || host !== undefined)) {
      const other = port === undefined ? 'host' : 'port';
      issues.push({ path: keyPath(at, 'path'), message: `expected either ${other} or path, not both`, value: path });
    }
  }
  return issues;
}
